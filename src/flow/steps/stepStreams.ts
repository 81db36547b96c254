import { ScaleQuestError } from '../../errors.js';
import type { BatchOperator } from '../batch.js';
import type { CommittedDeltas } from '../committedDeltas.js';
import type { DecideWhole } from './mapWhole.js';
import type { Decide, Scan, StepShape } from './outcome.js';

/** What makes a step's stream of batches. */
export interface StepStreams {
  mapBatches(shape: StepShape, decide: Decide): BatchOperator;
  scanBatches<State, Delta>(
    shape: StepShape,
    scan: Scan<State, Delta>,
    committed: CommittedDeltas | undefined,
  ): BatchOperator;
  mapWhole(shape: StepShape, decide: DecideWhole): BatchOperator;
  withResource<Resource>(
    open: () => Resource,
    use: (resource: Resource) => BatchOperator,
    close: (resource: Resource) => void,
  ): BatchOperator;
}

let loaded: StepStreams | null = null;

/**
 * The streams of steps need RxJS and Arrow, which take most of the time in which a command starts. `check`, `plan` and the printed
 * reference build every step and stream nothing, so steps reach their streams through here. Every source of batches imports
 * `loadStepStreams.ts`, which provides them.
 */
export function stepStreams(): StepStreams {
  if (loaded) return loaded;
  const message =
    'found no streams of steps, expected `loadStepStreams.js` to be imported by whoever makes a source';
  throw new ScaleQuestError('ERR_INVARIANT', message);
}

export function provideStepStreams(streams: StepStreams): void {
  loaded = streams;
}
