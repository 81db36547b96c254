import { sumStepCounts } from './sumStepCounts.js';
import type { ModelStats } from '../backends/model.js';
import type { LostCount } from '../flow/rowCounts.js';
import type { StepCounts } from '../flow/steps/outcome.js';
import type { Cost } from '../run/cost.js';
import type { ChainPlace } from '../run/chain/chainLinks.js';
import type { RunEvent } from '../run/events.js';
import type { TrainingNow } from '../run/monitor/runState.js';

/** What a run is at, as monitors see it. */
export const PHASES = ['starting', 'flowing', 'training', 'finished', 'failed'] as const;
export type Phase = (typeof PHASES)[number];

/** What monitors are told of a run. All of it follows from the run's events and the counters of its models. */
export interface Metered {
  phase: Phase;
  /** Source positions that have reached the writer, those of earlier starts included. */
  sourceRows: number;
  /** Kept rows that have reached the writer, those of earlier starts included. */
  rowsKept: number;
  /** Kept rows that are durable, those of earlier starts included. */
  rowsCommitted: number;
  commits: number;
  linesSkipped: number;
  workers: number;
  /** Source rows that were read and are not with the writer yet. */
  rowsInFlight: number;
  /** How much is done, 0 to 1, and the seconds that are left; null where that cannot be told. */
  progress: number | null;
  remainingS: number | null;
  /** By the label of the step, in their order. */
  steps: Readonly<Record<string, StepCounts>>;
  /** Rows that steps lost, by their reasons. */
  lost: readonly LostCount[];
}

/** A run of which nothing has happened yet. */
export function notMetered(steps: readonly string[]): Metered {
  return {
    ...{ phase: 'starting', sourceRows: 0, rowsKept: 0, rowsCommitted: 0 },
    ...{ commits: 0, linesSkipped: 0, workers: 0, rowsInFlight: 0, progress: null, remainingS: null },
    steps: Object.fromEntries(steps.map((step) => [step, NO_ROWS])),
    lost: [],
  };
}

const NO_ROWS: StepCounts = { rowsIn: 0, kept: 0, dropped: 0, rejected: 0 };

/** What monitors are told after an event. */
export function afterEvent(before: Metered, event: RunEvent): Metered {
  switch (event.event) {
    case 'flowing': {
      const { from, kept } = event;
      return { ...before, phase: 'flowing', sourceRows: from, rowsKept: kept, rowsCommitted: kept };
    }
    case 'counted': {
      if (!Object.hasOwn(before.steps, event.step)) return before;
      const counts = sumStepCounts(before.steps[event.step]!, event.counts);
      return { ...before, steps: { ...before.steps, [event.step]: counts } };
    }
    case 'lost':
      return { ...before, lost: withLost(before.lost, event.lost) };
    case 'delivered':
      return { ...before, sourceRows: event.watermark, rowsKept: event.kept };
    case 'committed':
      return { ...before, commits: before.commits + 1, rowsCommitted: event.kept };
    case 'skippedLine':
      return { ...before, linesSkipped: before.linesSkipped + 1 };
    case 'workerJoined':
    case 'workerLeft':
      return { ...before, workers: event.workers };
    case 'trainingLaunched':
      return { ...before, phase: 'training' };
    case 'failed':
      return { ...before, phase: 'failed' };
    case 'reported': {
      const { rowsIn, rowsKept } = event.report;
      return { ...before, phase: 'finished', sourceRows: rowsIn, rowsKept, rowsCommitted: rowsKept };
    }
    case 'trainingEnded':
      return { ...before, phase: 'finished' };
    default:
      return before;
  }
}

/** Reasons are few, but those of a step of one's own may be anything, and each is a series. */
export const REASONS_MAX = 32;
const OTHER = 'other';

function withLost(before: readonly LostCount[], more: readonly LostCount[]): LostCount[] {
  const after = before.map((own) => ({ ...own }));
  for (const { step, kind, reason, rows } of more) {
    const ofStep = after.filter((own) => own.step === step && own.kind === kind);
    const named = ofStep.find((own) => own.reason === reason);
    const name = ofStep.length < REASONS_MAX ? reason : OTHER;
    const known = named ?? ofStep.find((own) => own.reason === name);
    if (known) known.rows += rows;
    else after.push({ step, kind, reason: name, rows });
  }
  return after;
}

/** What stays the same during a run. */
export interface RunFacts {
  pipeline: string;
  /** The run folder, without the folders that it is in. */
  run: string;
  version: string;
  /** Unix time. */
  startedS: number;
  target: number | undefined;
  /** Where it is a link of a chain. */
  chain: ChainPlace | undefined;
}

/** What this process has used. */
export interface UseNow {
  cpuS: number;
  residentBytes: number;
}

/** All that a scrape reads. */
export interface Reading extends Metered {
  /** Null before a run is followed. */
  facts: RunFacts | null;
  models: Readonly<Record<string, ModelStats>>;
  /** Of this start, for models that have a price or say how many GPUs they hold. */
  cost: Pick<Cost, 'money' | 'gpuHours'>;
  /** The trainings that have been launched, and the programs of a chain. */
  trainings: readonly TrainingNow[];
  use: UseNow;
}
