import type { RecordBatch } from 'apache-arrow';
import type { Column } from '../../arrow/columnType.js';
import { RowError } from '../../errors.js';
import type { ColumnTypes, NoColumns, Row, Values } from './columnTypes.js';
import type { StepState } from '../stepResults/stepResult.js';

/**
 * What a step decides about one row: make it with `keep`, `drop` or `multiply`. `Written` are the values of the columns that the step
 * writes. `leftOut` counts replies that could not be used, by error code. With `mayDiffer` the step may decide otherwise about the
 * same row another time, as after a deadline or a server's failure; every other outcome follows from the row and lasts.
 */
export type Outcome<Written = Values> =
  | { kind: 'keep'; values?: Written; leftOut?: LeftOutChoices; mayDiffer?: boolean }
  | { kind: 'multiply'; rows: readonly Written[] }
  | { kind: 'dropped'; reason: string; message?: string; reply?: string }
  | { kind: 'rejected'; reason: string; message: string; reply?: string; mayDiffer?: boolean };

/** Error code → choices of the row that could not be used. */
export type LeftOutChoices = Readonly<Record<string, number>>;

/** Keeps the row as it is, in a step that writes no columns. */
export const KEEP: Outcome<NoColumns> = { kind: 'keep' };

/**
 * Keeps the row with the values of the columns that the step writes. The compiler checks them against the step's `writes`.
 *
 * @param values - One value a written column; a nullable column may be left out.
 * @param leftOut - Error code → replies about this row that could not be used, for the report.
 * @example
 * mapRows(shape, ({ question }) => keep({ words: question.split(' ').length }));
 */
export function keep<Written = Values>(values: NoInfer<Written>, leftOut?: LeftOutChoices): Outcome<Written> {
  return leftOut ? { kind: 'keep', values, leftOut } : { kind: 'keep', values };
}

/**
 * Makes several rows of one; they share its other columns. The step must write `SEQ_INDEX_COLUMN`, in which they are numbered.
 *
 * @param rows - The written values of each new row; at least one, or the run ends with ERR_INVARIANT.
 */
export function multiply<Written = Values>(rows: readonly NoInfer<Written>[]): Outcome<Written> {
  return { kind: 'multiply', rows };
}

/**
 * Ends the row by the step's decision.
 *
 * @param reason - One word for the report and the table of lost rows, such as `duplicate`.
 * @param message - What decided it, such as `similarity 0.91`.
 * @param reply - What a model wrote about the row in this step, for the table of lost rows.
 */
export function drop(reason: string, message = '', reply?: string): Outcome<never> {
  return { kind: 'dropped', reason, message, ...(reply === undefined ? {} : { reply }) };
}

/** A RowError rejects its row; anything else is not the row's fault and goes on up. */
export function rejectOrThrow(error: unknown): Outcome<never> {
  if (!(error instanceof RowError)) throw error;
  const { code, message, reply, mayDiffer } = error;
  return {
    ...{ kind: 'rejected', reason: code, message },
    ...(reply === undefined ? {} : { reply }),
    ...(mayDiffer ? { mayDiffer } : {}),
  };
}

/** How a stateless step decides one row, from that row alone. */
export type Decide = (row: Row) => Promise<Outcome> | Outcome;

/** A stateful step. Only `apply` changes the state, so that applying the committed deltas in order restores it. */
export interface Scan<State, Delta, SeenRow = Row, Written = Values, Prepared = undefined> {
  /** Null for a step that decides without state and emits deltas for its figures alone. */
  init: () => State;
  /**
   * Makes the part of a state that `decide` alone reads, where that takes long: before the first row is decided, or never. It lets
   * others have the event loop meanwhile, and stops early once `isStopped` says so.
   */
  fill?: (state: State, isStopped: () => boolean) => Promise<void>;
  /** Told, before the committed deltas are applied, how many there are at most: what grows can begin large. */
  expect?: (state: State, deltas: number) => void;
  /**
   * What has to be waited for before a row is decided, as a model's reply: from the row alone, so that all rows that have arrived wait at
   * once. A RowError rejects the row. Absent where nothing is waited for.
   */
  prepare?: (row: SeenRow) => Promise<Prepared>;
  /** Decides one row from the state; `delta` is how the row changes it. */
  decide: (state: State, row: SeenRow, prepared: Prepared) => { outcome: Outcome<Written>; delta?: Delta };
  /** Changes the state as `delta` says. */
  apply: (state: State, delta: Delta) => void;
  /**
   * The same for all committed deltas, in order and in pieces, where that takes less time than one by one. Nothing is decided before it
   * has settled.
   */
  applyAll?: (state: State, pieces: AsyncIterable<readonly Delta[]>) => Promise<void>;
}

/** What a step declares of its rows, and how it is told apart from others of its kind. */
export interface StepShape<
  Reads extends ColumnTypes = ColumnTypes,
  Writes extends readonly Column[] = readonly Column[],
  Lacking extends string = string,
> {
  /** The step's label in this pipeline: it names its counters, its seeds and its state. */
  step: string;
  /** Name → type of the columns that the step reads. */
  reads: Reads;
  /** Columns that the step reads beside those, of whatever type: those of its prompts. */
  uses?: readonly UsedColumn[] | undefined;
  /** The columns that the step adds or replaces. */
  writes: Writes;
  /** Columns of `reads` that the step can decide a row without; it is given null. */
  mayLack?: readonly Lacking[];
  /** Columns of `reads` that may be missing altogether; the row then has no such property. */
  optional?: readonly string[] | undefined;
  /** Looks at the rows before the step does: null for those that it lets through. Given to the first step of a pipeline. */
  screen?: Screen | undefined;
  /** The most characters of a reply that a lost row holds; all of them if absent. */
  lostReplyCharsMax?: number | undefined;
  /** The step's index in the pipeline, where the run caches step results. */
  at?: number | undefined;
  /** Called with the state of a stateful step, before the first batch and after each one, where the run caches step results. */
  onState?: ((state: StepState) => void) | undefined;
  /** Called for live progress: for each row that had to wait, once a batch for all others. */
  onCounts?: ((counts: StepCounts) => void) | undefined;
}

/** A column that a step reads whatever its type is. */
export interface UsedColumn {
  name: string;
  /** The step can decide a row without it; it is given null. */
  mayLack: boolean;
}

/** One outcome a row of a batch; null, for a row or for all, where nothing is wrong. */
export type Screen = (rows: RecordBatch) => readonly (Outcome | null)[] | null;

export interface StepCounts {
  /** Rows that the step has decided. */
  rowsIn: number;
  /** Rows that left it. */
  kept: number;
  /** Rows that it dropped by its decision. */
  dropped: number;
  /** Rows that could not be decided. */
  rejected: number;
}

/** A row that lacks a value which its step reads cannot be decided; a file may well hold such rows. */
export function rejectIfIncomplete(row: Row, { reads, uses = [], mayLack = [] }: StepShape): Outcome | null {
  for (const name in reads) if (row[name] === null && !mayLack.includes(name)) return incomplete(name);
  for (const used of uses) if (row[used.name] === null && !used.mayLack) return incomplete(used.name);
  return null;
}

function incomplete(missing: string): Outcome {
  return {
    kind: 'rejected',
    reason: 'ROW_VALUE_MISSING',
    message: `the row has no value in its column "${missing}"`,
  };
}
