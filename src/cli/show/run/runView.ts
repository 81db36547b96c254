import { type Cost, moneyText } from '../../../run/cost.js';
import type { RunState, Wait } from '../../../run/monitor/runState.js';
import { printableLine } from '../../../text/printable.js';
import { type TableColumn, cutLines, cutTo, fittedTable, flowed, widthOf } from '../fit.js';
import { countText, percentText, rateText, durationText } from '../quantities.js';
import type { Styles } from '../styles.js';

type ModelStats = RunState['models'][string];

/** How a terminal is, and what it shows beside the state of the run. */
export interface Look {
  columns: number;
  rows: number;
  styles: Styles;
  /** What all starts have cost; absent where nothing has a price. */
  cost?: Cost | undefined;
}

const BAR_COLUMNS_MIN = 8;
const BAR_COLUMNS_MAX = 60;
const WAITS_MAX = 4;
const WAIT_CHARS_MAX = 300;

/** What a terminal shows of a run: never wider than it is, never higher, and fewer columns rather than broken lines. */
export function runLines(state: RunState, look: Look): string[] {
  // A line that fills a terminal may be wrapped by the next resize; the last line holds the cursor.
  const columns = Math.max(1, look.columns - 1);
  const linesMax = Math.max(1, look.rows - 1);
  const { styles } = look;
  const head = [...barLines(state, columns, styles), ...flowed(factTexts(state, look), columns)];
  const waits = state.waits.slice(0, WAITS_MAX).map((wait) => cutTo(waitText(wait), columns));
  const room = Math.max(0, linesMax - head.length - waits.length);
  const steps = fittedTable(stepColumns(state), columns);
  const models = fittedTable(modelColumns(state), columns);
  const modelsMax = Math.max(Math.floor(room / 3), room - steps.length);
  const shownModels = cutLines(models, modelsMax);
  const shownSteps = cutLines(steps, room - shownModels.length);
  return [
    ...head,
    ...waits.map((line) => styles.warned(line)),
    ...titled(shownSteps, styles),
    ...titled(shownModels, styles),
  ].slice(0, linesMax);
}

function titled([title, ...lines]: readonly string[], { dim }: Styles): string[] {
  return title === undefined ? [] : [dim(title), ...lines];
}

/** `62 % ━━━━──── 312 of 500 rows kept`; narrow terminals have the rows in a line of their own. */
function barLines(state: RunState, columns: number, styles: Styles): string[] {
  const rows = rowsText(state);
  const { progress } = state;
  if (progress === null) return [cutTo(styles.heading(rows), columns)];
  const percent = percentText(progress).padStart(5);
  const beside = columns - widthOf(percent) - widthOf(rows) - 3;
  if (beside >= BAR_COLUMNS_MIN)
    return [
      `${percent} ${bar(progress, Math.min(beside, BAR_COLUMNS_MAX), styles)}  ${styles.heading(rows)}`,
    ];
  const alone = Math.min(columns - widthOf(percent) - 1, BAR_COLUMNS_MAX);
  const line = alone > 0 ? `${percent} ${bar(progress, alone, styles)}` : percent.trim();
  return [cutTo(line, columns), cutTo(styles.heading(rows), columns)];
}

function bar(share: number, columns: number, { added, dim }: Styles): string {
  const full = Math.floor(columns * Math.min(1, share));
  return added('━'.repeat(full)) + dim('─'.repeat(columns - full));
}

/** How far the run is, in rows. */
export function rowsText({ phase, goal, finished, watermark }: RunState): string {
  if (phase === 'opening') return 'no rows yet';
  const kept = countText(finished);
  if (goal.target !== undefined) return `${kept} of ${countText(goal.target)} rows kept`;
  const of = goal.limit === undefined ? '' : ` of ${countText(goal.limit)}`;
  return `${kept} rows kept, ${countText(watermark)}${of} source rows done`;
}

/** Rates, times, tokens, hits of the store and money. */
export function factTexts(state: RunState, { cost }: Pick<Look, 'cost'>): string[] {
  const { phase, rates, remainingS, elapsedS, total, inFlight } = state;
  const used = Object.values(total.models);
  const sum = (count: (model: (typeof used)[number]) => number): number =>
    used.reduce((all, model) => all + count(model), 0);
  const [requests, hits] = [sum((model) => model.requests), sum((model) => model.storeHits)];
  const [tokensIn, tokensOut] = [sum((model) => model.promptTokens), sum((model) => model.completionTokens)];
  const isFlowing = phase === 'flowing';
  return [
    ...(isFlowing && rates.rowsPerS !== null ? [`${rateText(rates.rowsPerS)} rows/s`] : []),
    ...(isFlowing ? leftTexts(state, remainingS) : []),
    `${durationText(elapsedS)} so far`,
    ...(total.starts > 1 ? [`${durationText(total.wallS)} in ${total.starts} starts`] : []),
    ...(isFlowing ? [`${countText(inFlight)} rows in flight`] : []),
    ...(requests > 0 ? [`${countText(requests)} requests`] : []),
    ...(hits > 0
      ? [`${countText(hits)} calls (${percentText(hits / (hits + requests))}) from the store`]
      : []),
    ...(tokensIn + tokensOut > 0 ? [`tokens ${countText(tokensIn)} in, ${countText(tokensOut)} out`] : []),
    ...Object.entries(cost?.money ?? {}).map(([currency, amount]) => moneyText(amount, currency)),
  ];
}

function leftTexts({ goal }: RunState, remainingS: number | null): string[] {
  if (goal.target === undefined && goal.limit === undefined) return ['its source ends it'];
  return remainingS === null ? ['time left not known yet'] : [`${durationText(remainingS)} left`];
}

/** What is waited for, in a line. */
export function waitText(wait: Wait): string {
  switch (wait.kind) {
    case 'models':
      return 'Waiting for the models to load';
    case 'workers':
      return 'Waiting for a worker';
    case 'trouble':
      return `Waiting: ${printableLine(wait.trouble, WAIT_CHARS_MAX)}`;
    case 'server': {
      const says = wait.line === '' ? 'it has written nothing yet' : printableLine(wait.line, WAIT_CHARS_MAX);
      return `Waiting for the server of ${wait.model}, ${durationText(wait.waitedS)}: ${says}`;
    }
  }
}

function stepColumns({ steps, rates }: RunState): TableColumn[] {
  if (steps.length === 0) return [];
  const column = (title: string, rank: number, cellOf: (at: number) => string): TableColumn => ({
    ...{ title, rank, cells: steps.map((_, at) => cellOf(at)) },
  });
  const hasRejected = steps.some(({ rejected }) => rejected > 0);
  return [
    column('step', 0, (at) => steps[at]!.step),
    column('rows in', 3, (at) => countText(steps[at]!.rowsIn)),
    column('kept', 1, (at) => countText(steps[at]!.kept)),
    column('dropped', 2, (at) => countText(steps[at]!.dropped)),
    ...(hasRejected ? [column('rejected', 2, (at) => countText(steps[at]!.rejected))] : []),
    column('rows/s', 4, (at) => rateText(rates.decidedPerS[steps[at]!.step] ?? 0)),
  ];
}

function modelColumns({ models, rates, total }: RunState): TableColumn[] {
  const names = Object.keys(models);
  if (names.length === 0) return [];
  const column = (title: string, rank: number, textOf: (name: string) => string): TableColumn => ({
    ...{ title, rank, cells: names.map(textOf) },
  });
  const counted = (title: string, rank: number, countOf: (stats: ModelStats) => number): TableColumn =>
    column(title, rank, (name) => countText(countOf(models[name]!)));
  const some = (countOf: (stats: ModelStats) => number): boolean =>
    names.some((name) => countOf(models[name]!) > 0);
  const failed = ({ failures }: ModelStats): number => failures;
  const retried = ({ retries }: ModelStats): number => retries;
  return [
    column('model', 0, (name) => name),
    counted('in flight', 1, ({ inFlight }) => inFlight),
    counted('queued', 2, ({ queued }) => queued),
    ...(some(limitOf) ? [counted('limit', 6, limitOf)] : []),
    ...(some(serversOf) ? [column('servers', 5, (name) => serversText(models[name]!))] : []),
    column('calls/s', 4, (name) => rateText(rates.models[name]?.requestsPerS ?? 0)),
    column('in tok/s', 8, (name) => rateText(rates.models[name]?.promptTokensPerS ?? 0)),
    column('out tok/s', 3, (name) => rateText(rates.models[name]?.completionTokensPerS ?? 0)),
    column('from store', 9, (name) => countText(total.models[name]?.storeHits ?? 0)),
    ...(some(retried) ? [counted('retries', 7, retried)] : []),
    ...(some(failed) ? [counted('failed', 7, failed)] : []),
  ];
}

function limitOf({ replicas = [] }: ModelStats): number {
  return replicas.reduce((sum, { limit }) => sum + limit, 0);
}

function serversOf({ replicas = [] }: ModelStats): number {
  return replicas.length;
}

/** `8`, or `7 of 8` where a circuit breaker is open or the pool has ejected one. */
function serversText({ replicas = [] }: ModelStats): string {
  const open = replicas.filter(({ state }) => state === 'closed').length;
  return open === replicas.length ? `${open}` : `${open} of ${replicas.length}`;
}

/** The same in one line, for logs. */
export function runLine(state: RunState, look: Pick<Look, 'cost'>): string {
  const { progress, models, steps, rates } = state;
  const percent = progress === null ? '' : ` (${percentText(progress)})`;
  const asked = Object.entries(models).map(([name, { inFlight, queued }]) => {
    const tokensPerS = rates.models[name]?.completionTokensPerS ?? 0;
    return `${name}: ${inFlight} in flight, ${queued} queued, ${rateText(tokensPerS)} tok/s`;
  });
  const kept = steps.map(({ step, kept: rows }) => `${step} ${countText(rows)}`);
  return [
    `${rowsText(state)}${percent}`,
    ...factTexts(state, look),
    ...asked,
    ...(kept.length > 0 ? [`kept by ${kept.join(', ')}`] : []),
    ...state.waits.map(waitText),
  ].join(' · ');
}
