import { RUN_METRICS } from '../../src/metrics/runMetrics.js';

const BEGIN = '<!-- printed from src/metrics/runMetrics.ts by `npm run docs` -->';
const END = '<!-- end of the printed table -->';

/** docs/metrics.md with its table of metrics as the code has them. */
export function withMetricsTable(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error(`found no place for the table of metrics; expected the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${printMetricsTable()}\n\n${page.slice(end)}`;
}

function printMetricsTable(): string {
  const rows = RUN_METRICS.map(({ name, type, labels, help }) => {
    const of = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${of || '–'} | ${help} |`;
  });
  return ['| metric | type | labels | what it is |', '|---|---|---|---|', ...rows].join('\n');
}
