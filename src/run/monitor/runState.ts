import type { ModelStats } from '../../backends/model.js';
import type { StepCounts } from '../../flow/steps/outcome.js';
import type { Metrics } from '../../train/metrics.js';
import type { FlowingEvent, MeasuredEvent, RunEvent, TrainingEvent, TrainingKind } from '../events.js';
import { NO_RATES, type RateSample, type RunRates, ratesOf, sampleOf, withSample } from './rates.js';
import { NO_TOTALS, type RunTotals, totalsWith } from './totals.js';

/**
 * How a run stands, made of its events alone: what a terminal, a page or a monitor shows. Plain data, of a size that does not
 * grow with the run. Its one clock is that of the run: seconds since this start.
 */
export interface RunState {
  /**
   * `opening`: models are loaded, servers started. `flowing`: rows flow. `reported`: the report is written, and trainings may
   * follow. `failed`: the run has ended with an error.
   */
  phase: 'opening' | 'flowing' | 'reported' | 'failed';
  /** Seconds since this start, as last measured. */
  elapsedS: number;
  /** Where this start began. */
  from: number;
  /** Rows that earlier starts have committed. */
  keptBefore: number;
  /** The source position that is read next. */
  issued: number;
  /** Everything below this source position has reached the writer. */
  watermark: number;
  /** Source positions that were read and have not reached the writer. */
  inFlight: number;
  /** Rows that have reached the writer, those of earlier starts included. */
  kept: number;
  /** Rows that all steps have kept: those that have reached the writer, and those that wait for a row before them. */
  finished: number;
  /** What an unfinished run has for certain; null before rows flow. */
  committed: { next: number; kept: number } | null;
  /** Where the run ends; without either, where its source does. */
  goal: { target?: number | undefined; limit?: number | undefined };
  /** How much is done, from 0 to 1; null where nothing tells where the end is. */
  progress: number | null;
  /** Seconds to the end, if it goes on as in the last half minute; null where that cannot be told. */
  remainingS: number | null;
  /** What became of the rows in each step since this start, in the order of the steps. */
  steps: readonly StepNow[];
  /** The counters of each open model since this start, by name. */
  models: Readonly<Record<string, ModelStats>>;
  /** What all starts took together. */
  total: RunTotals;
  /** What happens a second, of the last half minute. */
  rates: RunRates;
  /** What the run waits for now. */
  waits: readonly Wait[];
  /** Where the run listens for workers; null in a run without. */
  workers: { url: string; started: number; count: number } | null;
  /** The trainings, and programs of a chain, that have been launched, in order. */
  trainings: readonly TrainingNow[];
  /** What has ended the run. */
  failure: { code: string; message: string } | null;
  /** What the rates are computed from: the measurements of the last half minute. */
  samples: readonly RateSample[];
}

/** What became of the rows in one step since this start. */
export interface StepNow extends StepCounts {
  /** Its label. */
  step: string;
}

/** Something that a run waits for. */
export type Wait = ModelsWait | ServerWait | TroubleWait | WorkersWait;

/** Models are loaded. */
export interface ModelsWait {
  /** Tells what is waited for. */
  kind: 'models';
}

/** A server that the run has started. */
export interface ServerWait {
  /** Tells what is waited for. */
  kind: 'server';
  /** The name of its model. */
  model: string;
  /** Seconds so far. */
  waitedS: number;
  /** The last line of its log. */
  line: string;
}

/** A server that does not answer. */
export interface TroubleWait {
  /** Tells what is waited for. */
  kind: 'trouble';
  /** The name of its model. */
  model: string;
  /** What went wrong last. */
  trouble: string;
}

/** The first worker. */
export interface WorkersWait {
  /** Tells what is waited for. */
  kind: 'workers';
}

/** A training, or the program of a link in a chain. */
export interface TrainingNow {
  /** Whether a pipeline trains, or a chain runs a program. */
  kind: TrainingKind;
  /** How messages call it. */
  label: string;
  /** Whether it has ended. */
  isEnded: boolean;
  /** What it has reported last, by name. */
  metrics: Metrics;
  /** The first loss that it has reported; null before. */
  lossFirst: number | null;
}

/** Trainings of a pipeline are few; a bound holds whatever emits the events. */
const TRAININGS_MAX = 100;

/** A run that has emitted nothing yet. */
export function newRunState(): RunState {
  return {
    ...{ phase: 'opening', elapsedS: 0, from: 0, keptBefore: 0, issued: 0, watermark: 0, inFlight: 0 },
    ...{ kept: 0, finished: 0, committed: null, goal: {}, progress: null, remainingS: null },
    ...{ steps: [], models: {}, total: NO_TOTALS, rates: NO_RATES, waits: [{ kind: 'models' }] },
    ...{ workers: null, trainings: [], failure: null, samples: [] },
  };
}

/**
 * How the run stands after an event. Pure: the same events lead to the same state, whoever looks at them.
 *
 * @example
 * let state = newRunState();
 * run.events.subscribe((event) => {
 *   state = nextRunState(state, event);
 * });
 */
export function nextRunState(state: RunState, event: RunEvent): RunState {
  switch (event.event) {
    case 'starting':
      return { ...state, waits: withServer(state.waits, event) };
    case 'flowing':
      return flowing(state, event);
    case 'counted':
      return withProgress({ ...state, steps: withCounts(state.steps, event.step, event.counts) });
    case 'delivered':
      return withProgress({ ...state, watermark: event.watermark, kept: event.kept });
    case 'committed':
      return committed(state, event);
    case 'measured':
      return measured(state, event);
    case 'listening':
      return {
        ...state,
        workers: { url: event.url, started: event.workers, count: 0 },
        waits: [...state.waits, { kind: 'workers' }],
      };
    case 'workerJoined':
    case 'workerLeft':
      return withWorkers(state, event.workers);
    case 'reported':
      return { ...state, phase: 'reported', waits: [], progress: 1, remainingS: 0 };
    case 'failed':
      return { ...state, phase: 'failed', waits: [], failure: { code: event.code, message: event.message } };
    case 'trainingLaunched':
    case 'trainingMeasured':
    case 'trainingEnded':
      return { ...state, trainings: withTraining(state.trainings, event) };
    default:
      return state;
  }
}

function withServer(waits: readonly Wait[], { model, waitedS, line }: Omit<ServerWait, 'kind'>): Wait[] {
  const others = waits.filter((wait) => wait.kind !== 'server' || wait.model !== model);
  return [...others, { kind: 'server', model, waitedS, line }];
}

function flowing(state: RunState, { from, kept, steps, target, limit }: FlowingEvent): RunState {
  const none = { rowsIn: 0, kept: 0, dropped: 0, rejected: 0 };
  const { elapsedS } = state;
  const begun: RunState = {
    ...{ ...state, phase: 'flowing', from, keptBefore: kept, issued: from, watermark: from, kept },
    ...{ finished: kept, committed: { next: from, kept }, goal: { target, limit } },
    steps: steps.map((step) => ({ step, ...none })),
    waits: state.waits.filter(({ kind }) => kind === 'workers'),
    samples: [{ elapsedS, finished: kept, done: from, decided: {}, models: {} }],
  };
  return withProgress(begun);
}

function withCounts(steps: readonly StepNow[], step: string, counts: StepCounts): StepNow[] {
  return steps.map((own) => {
    if (own.step !== step) return own;
    const { rowsIn, kept, dropped, rejected } = own;
    return {
      ...{ step, rowsIn: rowsIn + counts.rowsIn, kept: kept + counts.kept },
      ...{ dropped: dropped + counts.dropped, rejected: rejected + counts.rejected },
    };
  });
}

function measured(state: RunState, event: MeasuredEvent): RunState {
  const { elapsedS, models, before } = event;
  const total = totalsWith(before, elapsedS, models);
  if (state.phase !== 'flowing') return { ...state, elapsedS, models, total };
  const { issued, watermark, inFlight, kept } = event;
  const steps = state.steps.map((own) => ({ ...own, ...event.steps[own.step] }));
  const now = { ...state, elapsedS, issued, watermark, inFlight, kept, steps, models, total };
  const sample = sampleOf(event, { finished: finishedOf(now), done: donePositions(now) });
  const samples = withSample(state.samples, sample);
  return withProgress({ ...now, samples, rates: ratesOf(samples), waits: withTroubles(state.waits, models) });
}

/** The last commit of a run may come before its rows are told to be delivered. */
function committed(state: RunState, { next, kept }: { next: number; kept: number }): RunState {
  const watermark = Math.max(state.watermark, next);
  return withProgress({ ...state, watermark, kept: Math.max(state.kept, kept), committed: { next, kept } });
}

function withTroubles(waits: readonly Wait[], models: RunState['models']): Wait[] {
  const troubles = Object.entries(models).flatMap(([model, { trouble }]): TroubleWait[] =>
    trouble === undefined ? [] : [{ kind: 'trouble', model, trouble }],
  );
  return [...waits.filter(({ kind }) => kind !== 'trouble'), ...troubles];
}

function withWorkers(state: RunState, count: number): RunState {
  if (!state.workers) return state;
  const others = state.waits.filter(({ kind }) => kind !== 'workers');
  const waits: Wait[] = count > 0 ? others : [...others, { kind: 'workers' }];
  return { ...state, workers: { ...state.workers, count }, waits };
}

/** Rows wait in the order of the source for the slowest before them, and are counted before they reach the writer. */
function finishedOf({ kept, keptBefore, steps, goal }: RunState): number {
  const last = steps.at(-1);
  const finished = last ? Math.max(kept, keptBefore + last.kept) : kept;
  return Math.min(finished, goal.target ?? Infinity);
}

/** Source positions of which nothing is on its way any more. Where a step makes rows, only the watermark tells. */
function donePositions({ from, watermark, steps }: RunState): number {
  const makesRows = steps.some(({ rowsIn, kept, dropped, rejected }) => kept + dropped + rejected !== rowsIn);
  const last = steps.at(-1);
  if (makesRows || !last) return watermark;
  const lost = steps.reduce((sum, { dropped, rejected }) => sum + dropped + rejected, 0);
  return Math.max(watermark, from + lost + last.kept);
}

function withProgress(state: RunState): RunState {
  if (state.phase !== 'flowing') return state;
  const finished = finishedOf(state);
  const done = donePositions(state);
  const { goal, rates } = state;
  const ends = [
    endOf(finished, goal.target, rates.rowsPerS),
    endOf(done, goal.limit, rates.positionsPerS),
  ].filter((end) => end !== null);
  // The run ends at whatever comes first.
  const progress = ends.length > 0 ? Math.max(...ends.map((end) => end.progress)) : null;
  const times = ends.flatMap(({ remainingS }) => (remainingS === null ? [] : [remainingS]));
  return { ...state, finished, progress, remainingS: times.length > 0 ? Math.min(...times) : null };
}

function endOf(
  done: number,
  end: number | undefined,
  perS: number | null,
): { progress: number; remainingS: number | null } | null {
  if (end === undefined) return null;
  const left = Math.max(0, end - done);
  const progress = end > 0 ? Math.min(1, done / end) : 1;
  if (left === 0) return { progress, remainingS: 0 };
  return { progress, remainingS: perS ? left / perS : null };
}

type ShownTraining = Extract<
  TrainingEvent,
  { event: 'trainingLaunched' | 'trainingMeasured' | 'trainingEnded' }
>;

function withTraining(trainings: readonly TrainingNow[], event: ShownTraining): TrainingNow[] {
  const { kind, label } = event;
  const known = trainings.findLast((own) => own.kind === kind && own.label === label && !own.isEnded);
  const others = trainings.filter((own) => own !== known);
  const before = known ?? { kind, label, isEnded: false, metrics: {}, lossFirst: null };
  return [...others, trainingAfter(before, event)].slice(-TRAININGS_MAX);
}

function trainingAfter(before: TrainingNow, event: ShownTraining): TrainingNow {
  if (event.event === 'trainingLaunched') return before;
  if (event.event === 'trainingEnded') return { ...before, isEnded: true };
  const lossFirst = before.lossFirst ?? event.metrics['loss'] ?? null;
  return { ...before, lossFirst, metrics: { ...before.metrics, ...event.metrics } };
}
