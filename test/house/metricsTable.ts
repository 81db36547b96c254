import { betweenMarks } from './betweenMarks.js';
import { RUN_METRICS } from '../../src/metrics/runMetrics.js';

const MARKS = [
  '<!-- printed from src/metrics/runMetrics.ts by `npm run docs` -->',
  '<!-- end of the printed table -->',
] as const;

/** docs/metrics.md with its table of metrics as the code has them. */
export function withMetricsTable(page: string): string {
  return betweenMarks(page, MARKS, `\n${printMetricsTable()}\n`);
}

function printMetricsTable(): string {
  const rows = RUN_METRICS.map(({ name, type, labels, help }) => {
    const of = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${of || '–'} | ${help} |`;
  });
  return ['| metric | type | labels | what it is |', '|---|---|---|---|', ...rows].join('\n');
}
