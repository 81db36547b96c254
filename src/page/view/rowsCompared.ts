/** Rows of two runs, compared: what `scalequest diff` shows and what its page is told. */

/** What became of a row: `kept`, or the step that lost it and why; `absent` where a run made no such row of the position. */
export interface Fate {
  /** Tells them apart. */
  kind: 'kept' | 'dropped' | 'rejected' | 'absent';
  /** The label of the step that lost it; null for others. */
  step: string | null;
  /** The reason of the filter, or the code of the error. */
  reason: string | null;
}

/** A row by its position. */
export interface RowExample {
  /** Source position. */
  seq: number;
  /** Its number among the rows of the position. */
  seqIndex: number;
  /** Its question in the first run that has one. */
  question: string | null;
}

/** Rows that ended otherwise in the second run. */
export interface FateChange {
  /** In the first run. */
  from: Fate;
  /** In the second run. */
  to: Fate;
  /** How many there are. */
  rows: number;
  /** The first of them. */
  examples: RowExample[];
}

/** How the values of a column differ in rows that both runs keep. */
export interface ValueChange {
  /** The name of the column. */
  column: string;
  /** Rows whose values differ. */
  rows: number;
  /** Rows among them whose final answers differ; null for columns that hold no text. */
  answers: number | null;
  /** The first of them, with both values as JSON. */
  examples: { seq: number; seqIndex: number; a: string; b: string }[];
}

/** Rows of two runs, compared one by one. */
export interface RowsCompared {
  /** Source positions that both runs have decided. */
  positions: number;
  /** Rows that one of the runs alone has decided, since it went farther. */
  beyond: { a: number; b: number };
  /** Rows that both keep. */
  keptByBoth: number;
  /** Rows among them in which no value differs. */
  same: number;
  /** Rows that the second run alone keeps. */
  appeared: number;
  /** Rows that the first run alone keeps. */
  vanished: number;
  /** Rows that have a question in both runs, and not the same one. */
  questionsDiffer: number;
  /** Rows that ended otherwise, the commonest change first. */
  fates: FateChange[];
  /** Columns that differ in some row, the most changed first. */
  values: ValueChange[];
}
