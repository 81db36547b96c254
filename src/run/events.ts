import type { StepCounts } from '../flow/outcome.js';
import type { SampleRow } from '../io/run/sample.js';
import type { LogEvent } from '../io/run/runLog.js';
import type { Metrics } from '../train/metrics.js';
import type { TrainingResult } from '../train/train.js';
import type { RunResult } from './report/report.js';

/**
 * What happens in a run, in order. The terminal, `log.jsonl` and programs read this one stream; the log keeps what `LogEvent`
 * names. Rows are counted since this start of the run.
 */
export type RunEvent = LogEvent | FlowEvent | TrainingEvent;

/** How rows flow, beside what the log of a run holds. */
export type FlowEvent =
  /** The report is written; trainings may follow. A run that was complete before emits this alone. */
  | ({ event: 'reported'; sample: readonly SampleRow[] } & RunResult)
  /** Rows begin to flow, from source position `from` on; `kept` rows are committed from earlier starts. */
  | { event: 'flowing'; from: number; kept: number; models: readonly string[] }
  /** A step has decided some rows. */
  | { event: 'counted'; step: string; counts: StepCounts }
  /** Everything below the source position `watermark` has reached the writer; `kept` rows of it in all. */
  | { event: 'delivered'; watermark: number; kept: number };

/** `kind`: a training of a pipeline, or the command of a link in a chain. */
export type TrainingEvent =
  /** It was finished before, and is done again. */
  | { event: 'trainingRepeated'; kind: TrainingKind; label: string; reason: string }
  | {
      event: 'trainingLaunched';
      kind: TrainingKind;
      label: string;
      command: readonly string[];
      logPath: string;
    }
  | { event: 'trainingMeasured'; kind: TrainingKind; label: string; metrics: Metrics }
  /** The training has ended, or was not due. A training that fails rejects the run instead. */
  | { event: 'trainingEnded'; kind: TrainingKind; label: string; result: TrainingResult };

/** `training`: an entry of a pipeline’s `train`. `command`: a program that a chain runs. */
export type TrainingKind = 'training' | 'command';

export type { StepCounts };

export type Emit<Event> = (event: Event) => void;
