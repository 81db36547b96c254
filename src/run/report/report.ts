import type { ModelStats } from '../../backends/model.js';
import { TARGET_STEP, type Totals } from '../../flow/commitShards.js';
import type { Figures } from '../../operators/lib/operator.js';
import type { SkippedLines } from '../../io/sources/skippedLines.js';
import type { Cost } from '../cost.js';
import type { Plan } from '../../pipeline/plan.js';
import type { RunTotals } from '../monitor/totals.js';
import type { ProcessUse } from '../processUse.js';

/** One step of the funnel, counted from the commits. It is exact; the live counters also see rows past the end. */
export interface FunnelStep {
  /** The label of the step. */
  step: string;
  /** Rows that came to it. */
  rowsIn: number;
  /** Rows that the step made beside those that came in. */
  made: number;
  /** Rows that went on. */
  kept: number;
  /** Reason → rows that the step dropped. */
  dropped: Record<string, number>;
  /** Error code → rows that an error rejected. */
  rejected: Record<string, number>;
  /** Error code → choices that could not be used, in rows that went on with their other choices. */
  leftOut: Record<string, number>;
}

/** `report.json` of a finished run: a function of its rows, the same whether the run was interrupted or not. */
export interface Report {
  /** The name in the pipeline file. */
  name: string;
  /** The run identity: a hash of everything that the rows depend on. */
  identity: string;
  /** The seed of the run. */
  seed: number;
  /** Source positions that were read. */
  rowsIn: number;
  /** Rows in the set. */
  rowsKept: number;
  /** Lines of the source that are no rows; only where `onBadLine: skip` leaves such lines out. */
  skipped?: SkippedLines;
  /** What each step took and lost, in order. */
  funnel: FunnelStep[];
  /** Step → its own figures; only for steps that have some. */
  figures: Record<string, Figures>;
}

/** `performance.json`: what the run took, since it was last started. */
export interface Performance extends ProcessUse {
  /** Where this start began: 0 for a run that was never interrupted. */
  from: number;
  /** Seconds from the opening of the run folder to the report. */
  wallS: number;
  /** Rows of source for which the store had the results of all steps, or of the first ones. */
  replayedRows: number;
  /** What the models cost in all starts; only where one has a price or says how many GPUs it holds. */
  cost?: Cost & { perKeptRow?: Record<string, number> };
  /** The counters of each model, by name. */
  models: Record<string, FinalStats>;
  /** Of all starts of the run together, as far as its log has them. */
  total: RunTotals;
}

/** What a run has come to. */
export interface RunResult {
  /** What became of the rows. */
  report: Report;
  /** Null for a run that was complete already. */
  performance: Performance | null;
}

export function funnelOf(
  stepLabels: readonly string[],
  { positions, counts }: Pick<Totals, 'positions' | 'counts'>,
): FunnelStep[] {
  const hasCuts = Object.keys(counts).some((key) => key.startsWith(`${TARGET_STEP} `));
  let rowsIn = positions;
  return [...stepLabels, ...(hasCuts ? [TARGET_STEP] : [])].map((step) => {
    const funnelStep: FunnelStep = {
      ...{ step, rowsIn, made: 0, kept: rowsIn, dropped: {}, rejected: {}, leftOut: {} },
    };
    for (const [key, rows] of Object.entries(counts)) {
      const [label, kind, ...words] = key.split(' ');
      if (label !== step) continue;
      if (kind === 'made') funnelStep.made += rows;
      // A reason of a user's own operator may have spaces.
      else funnelStep[kind as 'dropped' | 'rejected' | 'leftOut'][words.join(' ')] = rows;
      if (kind !== 'leftOut') funnelStep.kept += kind === 'made' ? rows : -rows;
    }
    rowsIn = funnelStep.kept;
    return funnelStep;
  });
}

export function reportOf(
  plan: Plan,
  totals: Totals,
  figures: (funnel: readonly FunnelStep[]) => Report['figures'],
): Report {
  const funnel = funnelOf(
    plan.steps.map(({ label }) => label),
    totals,
  );
  return {
    name: plan.name,
    identity: plan.identity,
    seed: plan.settings.seed,
    rowsIn: totals.positions,
    rowsKept: totals.kept,
    funnel,
    figures: figures(funnel),
  };
}

export function performanceOf(
  models: Record<string, ModelStats>,
  measured: Omit<Performance, 'models'>,
): Performance {
  return {
    ...measured,
    models: Object.fromEntries(Object.entries(models).map(([name, stats]) => [name, finalStats(stats)])),
  };
}

/** The counters of a model whose run is over: calls in flight and in the queue say nothing then. */
export type FinalStats = Omit<ModelStats, 'inFlight' | 'queued' | 'trouble' | 'replicas'>;

function finalStats({
  inFlight: _,
  queued: __,
  trouble: ___,
  replicas: ____,
  ...stats
}: ModelStats): FinalStats {
  return stats;
}

/** The funnel as a table for terminals and for the data set card. */
export function printFunnel(funnel: readonly FunnelStep[]): string {
  const counted = (counts: Record<string, number>): string[] =>
    Object.entries(counts).map(([why, count]) => `${why} ${count}`);
  const rows = funnel.map(({ step, rowsIn, made, kept, dropped, rejected, leftOut }) => [
    step,
    String(rowsIn),
    String(kept),
    rowsIn > 0 ? `${((100 * kept) / rowsIn).toFixed(1)} %` : '–',
    [
      ...(made > 0 ? [`${made} made`] : []),
      ...[...counted(dropped), ...counted(rejected)],
      ...counted(leftOut).map((text) => `choices ${text}`),
    ].join(', '),
  ]);
  return printTable(['step', 'rows in', 'kept', 'share', 'lost to'], rows);
}

/** Columns padded to their widest cell; numbers to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]!.length)));
  const isNumber = head.map(
    (_, at) => rows.length > 0 && rows.every((row) => /^[\d.,]+( %)?$|^–$/.test(row[at]!)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (isNumber[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}
