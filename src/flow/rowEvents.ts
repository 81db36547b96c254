/**
 * What a batch carries beside its rows: what happened to rows that are no longer in it, and how the state of stateful steps
 * changed. Events are committed together with the rows of the same source positions.
 */
export type RowEvent = LostRow | MadeRows | LeftOut | StateDelta;

/** A row that ended here: a filter dropped it, or it was rejected because something went wrong with it. */
export interface LostRow {
  /** `dropped` by a decision of the step, or `rejected` by an error of the row. */
  kind: 'dropped' | 'rejected';
  /** Position of the row in the source. */
  seq: number;
  /** 0 before any step multiplied the rows. */
  seqIndex: number;
  /** Label of the step that ended it. */
  step: string;
  /** A filter's reason (`duplicate`, `unsolvable` …) or an error code (`ROW_LENGTH` …). */
  reason: string;
  /** What decided it, for people; may be empty. */
  message: string;
  /** The question of the row; null before it has one. */
  question: string | null;
  /** The first characters of what a model wrote about the row before it was lost; null where no model did. */
  reply: string | null;
}

/** A step made several rows of row `seq`. */
export interface MadeRows {
  kind: 'made';
  seq: number;
  step: string;
  /** Additional rows: one less than the step made of it. */
  rows: number;
}

/** Some of the replies about row `seq` could not be used; it went on with the others. */
export interface LeftOut {
  kind: 'leftOut';
  seq: number;
  step: string;
  /** An error code (`ROW_LENGTH` …). */
  reason: string;
  choices: number;
}

/**
 * How row `seq` changed the state of a stateful step; plain JSON or bytes, so that it can be applied again after a restart.
 */
export interface StateDelta {
  /** Tells it from other events. */
  kind: 'delta';
  /** Position of the row in the source. */
  seq: number;
  /** Label of the stateful step. */
  step: string;
  /** The change, as the step’s `decide` gave it: plain JSON, or bytes as a Uint8Array, which nobody changes. */
  value: unknown;
}

export function isLost(event: RowEvent): event is LostRow {
  return event.kind === 'dropped' || event.kind === 'rejected';
}

export function isDelta(event: RowEvent): event is StateDelta {
  return event.kind === 'delta';
}
