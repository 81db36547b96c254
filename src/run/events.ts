import type { CallRecord, Finish, ModelStats } from '../backends/model.js';
import type { ErrorCode } from '../errors.js';
import type { LostCount } from '../flow/rowCounts.js';
import type { StepCounts } from '../flow/steps/outcome.js';
import type { LogEvent } from '../io/runFolder/runLog.js';
import type { SampleRow } from '../io/runFolder/sample.js';
import type { Metrics } from '../train/metrics.js';
import type { TrainingResult } from '../train/train.js';
import type { RunTotals } from './monitor/totals.js';
import type { RunResult } from './report/report.js';

/**
 * What happens in a run, in order. The terminal, `log.jsonl` and programs read this one stream; the log keeps what `LogEvent`
 * names, and `measured` now and then. Rows are counted since this start of the run.
 */
export type RunEvent = LogEvent | MeasuredEvent | FlowEvent | TrainingEvent;

/** How rows flow, beside what the log of a run holds. */
export type FlowEvent =
  | StartingEvent
  | FlowingEvent
  | PausedEvent
  | CountedEvent
  | DeliveredEvent
  | KeptRowEvent
  | LostEvent
  | CalledEvent
  | PageFailedEvent
  | ReportedEvent
  | WorkersEvent;

/** `report.html` could not be written; the run goes on to its end. */
export interface PageFailedEvent {
  /** Tells the events apart. */
  event: 'pageFailed';
  /** Why not. */
  message: string;
}

/** What becomes of the workers of a run. */
export type WorkersEvent = ListeningEvent | WorkerJoinedEvent | WorkerLeftEvent;

/** The run waits for a server that it has started. Once it answers, `served` tells how long that took. */
export interface StartingEvent {
  /** Tells the events apart. */
  event: 'starting';
  /** The name of its model. */
  model: string;
  /** Seconds so far. */
  waitedS: number;
  /** The last line of the server's log, shortened, with nothing in it that a terminal obeys. */
  line: string;
}

/** Models are open, and rows begin to flow. */
export interface FlowingEvent {
  /** Tells the events apart. */
  event: 'flowing';
  /** The first source position that this start reads. */
  from: number;
  /** Rows that earlier starts have committed. */
  kept: number;
  /** The names of the open models. */
  models: readonly string[];
  /** The labels of the steps, in order. */
  steps: readonly string[];
  /** The run ends at so many kept rows; absent where its source ends it. */
  target?: number | undefined;
  /** The run ends before this source position; absent where its source ends it. */
  limit?: number | undefined;
}

/** No further row is read, or rows are read again. */
export interface PausedEvent {
  /** Tells the events apart. */
  event: 'paused';
  /** Whether the run waits once the rows in flight are finished. */
  isPaused: boolean;
}

/** How the run stands, about once a second; the log has it more and more seldom, the longer the run lasts. */
export interface MeasuredEvent {
  /** Tells the events apart. */
  event: 'measured';
  /** Seconds since this start of the run. */
  elapsedS: number;
  /** The source position that is read next. */
  issued: number;
  /** Everything below this source position has reached the writer. */
  watermark: number;
  /** Source positions that were read and have not reached the writer. */
  inFlight: number;
  /** Rows kept below the watermark, those of earlier starts included. */
  kept: number;
  /** Step → what became of its rows since this start. */
  steps: Readonly<Record<string, StepCounts>>;
  /** The counters of each open model since this start, by name. A line of the log that would be very long has no replicas. */
  models: Readonly<Record<string, ModelStats>>;
  /** What the earlier starts of the run took. */
  before: RunTotals;
  /** Only of the last measurement of this start. */
  isLast?: true;
}

/** A step has decided some rows: as they are decided, though their batch goes on together. Told a few times a second at most. */
export interface CountedEvent {
  /** Tells the events apart. */
  event: 'counted';
  /** The label of the step. */
  step: string;
  /** How many rows came in, and what became of them. */
  counts: StepCounts;
}

/**
 * A step has asked a model about a row, and was answered. Told for the share of rows that `calls` of the run's options names, and not
 * for what workers ask.
 */
export interface CalledEvent extends CallRecord {
  /** Tells the events apart. */
  event: 'called';
  /** The label of the step. */
  step: string;
  /** The name of the model. */
  model: string;
  /** What was asked: replies, probabilities of replies, scores, vectors or a run of a program. */
  kind: 'complete' | 'choose' | 'score' | 'embed' | 'execute';
  /** Position of the row in the source. */
  seq: number;
  /** When it was asked, as Unix time in milliseconds. */
  startedMs: number;
  /** Milliseconds until the answer, time in queues included. */
  tookMs: number;
  /** Replies asked for; of `complete` alone. */
  choices?: number;
  /** The longest reply, in tokens; of `complete` alone. */
  tokensMax?: number;
  /** Sampling temperature; of `complete` alone. */
  temperature?: number;
  /** Nucleus sampling; of `complete` alone. */
  topP?: number;
  /** How the replies ended; of `complete` alone. */
  finishes?: readonly Finish[];
  /** The code of the error, where it failed. */
  code?: ErrorCode;
}

/** The watermark has moved. */
export interface DeliveredEvent {
  /** Tells the events apart. */
  event: 'delivered';
  /** Everything below this source position has reached the writer. */
  watermark: number;
  /** Rows kept below the watermark, those of earlier starts included. */
  kept: number;
}

/** Rows have reached the writer that steps lost, with the reasons. */
export interface LostEvent {
  /** Tells the events apart. */
  event: 'lost';
  /** How many by each reason of each step, since the last such event. */
  lost: readonly LostCount[];
}

/** A row of the set, as it is handed to the writer: the newest one, once a second at most. It may not be committed yet. */
export interface KeptRowEvent {
  /** Tells the events apart. */
  event: 'keptRow';
  /** Its position in the source; absent where the set has no such column. */
  seq?: number;
  /** Its first columns of text, by name; long ones are cut. */
  texts: Readonly<Record<string, string>>;
}

/** A run with workers listens for them. */
export interface ListeningEvent {
  /** Tells the events apart. */
  event: 'listening';
  /** Where they find it. */
  url: string;
  /** How many the run starts itself. */
  workers: number;
}

/** A worker has come. */
export interface WorkerJoinedEvent {
  /** Tells the events apart. */
  event: 'workerJoined';
  /** Its machine and process. */
  worker: string;
  /** How many there are now. */
  workers: number;
}

/** A worker has gone. */
export interface WorkerLeftEvent {
  /** Tells the events apart. */
  event: 'workerLeft';
  /** Its machine and process. */
  worker: string;
  /** How many there are still. */
  workers: number;
  /** Batches that go to others. */
  units: number;
  /** What was noticed. */
  reason: string;
}

/** The report is written; trainings may follow. A run that was complete before emits no other event than this. */
export interface ReportedEvent extends RunResult {
  /** Tells the events apart. */
  event: 'reported';
  /** The first rows of the set. */
  sample: readonly SampleRow[];
}

/** What becomes of a training, or of the program of a link in a chain. */
export type TrainingEvent =
  TrainingRepeatedEvent | TrainingLaunchedEvent | TrainingMeasuredEvent | TrainingEndedEvent;

/** `training`: an entry of a pipeline’s `train`. `command`: a program that a chain runs. */
export type TrainingKind = 'training' | 'command';

/** What the events of one training share. */
export interface AnyTrainingEvent {
  /** Whether a pipeline trains, or a chain runs a program. */
  kind: TrainingKind;
  /** How messages call the training. */
  label: string;
}

/** A training that was finished before is launched again. */
export interface TrainingRepeatedEvent extends AnyTrainingEvent {
  /** Tells the events apart. */
  event: 'trainingRepeated';
  /** Why its old result does not count. */
  reason: string;
}

/** A trainer is about to start. */
export interface TrainingLaunchedEvent extends AnyTrainingEvent {
  /** Tells the events apart. */
  event: 'trainingLaunched';
  /** The program and its arguments. */
  command: readonly string[];
  /** The file that gets what the trainer prints. */
  logPath: string;
}

/** A trainer has reported numbers. */
export interface TrainingMeasuredEvent extends AnyTrainingEvent {
  /** Tells the events apart. */
  event: 'trainingMeasured';
  /** Name → number, such as `loss`. */
  metrics: Metrics;
}

/** A training has ended, or was not due. A training that fails rejects the run instead. */
export interface TrainingEndedEvent extends AnyTrainingEvent {
  /** Tells the events apart. */
  event: 'trainingEnded';
  /** Its record, or why nothing was launched. */
  result: TrainingResult;
}

/** Where events go. */
export type Emit<Event> = (event: Event) => void;
