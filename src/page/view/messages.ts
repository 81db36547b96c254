/** What the server of a run tells its page: of what src/view sends, that which the page reads. The compiler holds one to the other. */

export interface ShownRun {
  folder: string;
  name: string;
  seed: number;
  parts: Readonly<Record<string, string>>;
  steps: readonly string[];
  funnel: readonly ShownStep[];
  positions: number;
  kept: number;
  isComplete: boolean;
  isRunning: boolean;
  columns: readonly { name: string; type: string }[];
  shards: readonly { file: string; rows: number; bytes: number }[];
  rejects: readonly { file: string; rows: number; bytes: number }[];
}

export interface ShownStep {
  step: string;
  rowsIn: number;
  kept: number;
  dropped: Readonly<Record<string, number>>;
  rejected: Readonly<Record<string, number>>;
}

export interface LiveState {
  phase: 'opening' | 'flowing' | 'reported' | 'failed';
  elapsedS: number;
  watermark: number;
  inFlight: number;
  kept: number;
  finished: number;
  goal: { target?: number; limit?: number };
  progress: number | null;
  remainingS: number | null;
  steps: readonly { step: string; rowsIn: number; kept: number; dropped: number; rejected: number }[];
  models: Readonly<Record<string, LiveModel>>;
  rates: { rowsPerS: number | null; decidedPerS: Readonly<Record<string, number>> };
  waits: readonly { kind: string; model?: string; line?: string; trouble?: string; waitedS?: number }[];
  failure: { code: string; message: string } | null;
  trainings: readonly LiveTraining[];
}

export interface LiveTraining {
  label: string;
  isEnded: boolean;
  metrics: Readonly<Record<string, number>>;
  lossFirst: number | null;
}

export interface LiveModel {
  requests: number;
  retries: number;
  failures: number;
  inFlight: number;
  queued: number;
  promptTokens: number;
  completionTokens: number;
  storeHits?: number;
  replicas?: readonly object[];
}

export interface LivePoint {
  elapsedS: number;
  rowsPerS: number | null;
  inFlight: number;
  models: Readonly<Record<string, { inFlight: number; queued: number; tokensPerS: number }>>;
}

export interface LogLine {
  at: string;
  event: Readonly<Record<string, unknown>>;
}

/** A row of the set, as it came. */
export interface NewestRow {
  seq: number | null;
  texts: Readonly<Record<string, string>>;
}

/** What a page is told when it comes. */
export interface AllNow {
  state: LiveState;
  isPaused: boolean;
  points: LivePoint[];
  log: LogLine[];
  rows: NewestRow[];
  canControl: boolean;
  canPause: boolean;
  other: string | null;
  /** Whether there is a run to read: a link of a chain may be a program. */
  hasRun: boolean;
  /** Where the run stands in a chain. */
  chain: { chain: string; link: string; number: number; links: number } | null;
}
