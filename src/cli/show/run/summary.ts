import { join } from 'node:path';
import { printFigures } from '../../../run/report/figures.js';
import { printable } from '../../../text/printable.js';
import type { Plan } from '../../../pipeline/plan.js';
import type { RunEvent } from '../../../run/events.js';
import { costText, perRowText } from '../../../run/cost.js';
import { type Performance, printFunnel } from '../../../run/report/report.js';

type ReportedEvent = Extract<RunEvent, { event: 'reported' }>;

/** What a run prints at its end: the funnel, a few rows, what was written, what to type next. */
export function printSummary(plan: Plan, { report, performance, sample }: ReportedEvent, path: string): void {
  const { rowsIn, rowsKept } = report;
  const target = plan.settings.target;
  const short = target !== undefined && rowsKept < target;
  const lines = [
    '',
    printFunnel(report.funnel),
    '',
    ...linesAndGap(printFigures(report.figures)),
    `${rowsKept} rows kept of ${rowsIn}${performance ? measuredText(performance) : '; the run was complete'}`,
    ...(short ? [shortText(plan, target)] : []),
    ...useLines(performance),
    ...costLines(performance, rowsKept),
    ...noteLines(performance),
    ...skippedLines(report.skipped),
    '',
    ...sampleLines(plan, sample),
    `data set    ${join(path, 'shards')} (Parquet; card: ${join(path, 'README.md')})`,
    ...Object.keys(plan.settings.exports).map((name) => `export      ${join(path, 'exports', name)}`),
    `lost rows   ${join(path, 'rejects')} (npx scalequest rejects ${path})`,
    `report      ${join(path, 'report.html')} (numbers: report.json beside it)`,
    '',
    ...(rowsIn === 0 ? ['The source has no row: there was nothing to do.', ''] : []),
    ...(rowsKept === 0 && rowsIn > 0
      ? ['No row was kept: the table above says which step lost them, the table of lost rows why.', '']
      : []),
    "Next: look at every step's work on a few rows",
    `        npx scalequest preview ${plan.file} -n 5`,
    '      browse the rows, and how each came about',
    `        npx scalequest view ${path}`,
    '      load the set in Python',
    `        datasets.load_dataset("${path}")`,
    '',
  ];
  process.stdout.write(lines.join('\n'));
}

/** What the run cost; nothing where no model has a price. */
function costLines(performance: Performance | null, rowsKept: number): string[] {
  return performance?.cost
    ? [`cost        ${costText(performance.cost)}${perRowText(performance.cost, rowsKept)}`]
    : [];
}

/** What servers said that is not known here, once each. */
function noteLines(performance: Performance | null): string[] {
  return Object.entries(performance?.models ?? {}).flatMap(([name, { notes = {} }]) =>
    Object.entries(notes).map(([note, count]) => `model ${name}: ${printable(note)} (${count} ×)`),
  );
}

function linesAndGap(lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? [...lines, ''] : lines;
}

function skippedLines(skipped: ReportedEvent['report']['skipped']): string[] {
  if (!skipped || skipped.lines === 0) return [];
  const [first] = skipped.first;
  const where = first ? `; the first is ${first.file}:${first.line}: ${first.message}` : '';
  return [`${skipped.lines} lines of the source are no rows and were skipped (see the report)${where}`];
}

function shortText({ settings }: Plan, target: number): string {
  const advice = settings.limit === undefined ? 'Give it more rows' : 'Raise `limit`';
  return `The target of ${target} rows was not reached: the source ended first. ${advice}.`;
}

function measuredText({ from, wallS }: Performance): string {
  const since = from > 0 ? `, from row ${from} on` : '';
  return ` in ${wallS.toFixed(1)} s${since}`;
}

/** What the run took beside time; no line is wider than a terminal of 80 columns. */
function useLines(performance: Performance | null): string[] {
  if (!performance) return [];
  const { memoryPeakBytes, models, replayedRows } = performance;
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const engineBytes = Object.values(models).reduce((sum, model) => sum + model.memoryPeakBytes, 0);
  const engines = engineBytes > 0 ? `, and ${mebibytes(engineBytes)} MiB in model processes` : '';
  return [
    `memory      ${mebibytes(memoryPeakBytes)} MiB at most${engines}`,
    ...requestLines(models, replayedRows),
  ];
}

/** What was asked, and how much the store of replies saved. */
function requestLines(models: Performance['models'], replayedRows: number): string[] {
  const all = Object.values(models);
  if (all.length === 0) return [];
  const asked = all.reduce((sum, { requests }) => sum + requests, 0);
  const hits = all.reduce((sum, { storeHits = 0 }) => sum + storeHits, 0);
  const stored = hits > 0 ? `; ${hits} calls were answered by the store` : '';
  const replayed = replayedRows > 0 ? `; ${replayedRows} rows replayed` : '';
  return [`requests    ${asked}${stored}${replayed}`];
}

function sampleLines(plan: Plan, rows: ReportedEvent['sample']): string[] {
  const wanted = ['question', 'response', 'reward', 'difficulty'].filter((name) =>
    plan.columns.some((column) => column.name === name),
  );
  const shown = wanted.length > 0 ? wanted : plan.columns.map(({ name }) => name);
  return rows.flatMap((row, at) => [
    `--- row ${at + 1} of the set`,
    ...shown.map((name) => `${name}: ${cellText(row[name])}`),
    '',
  ]);
}

function cellText(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(4);
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
