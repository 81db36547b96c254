import { type Column, type ColumnValue, columnTypeOf } from '../arrow/columnType.js';
import { buildRows } from '../arrow/build.js';
import { SEQ_INDEX_COLUMN, joinColumns } from '../arrow/columns.js';
import { columnValues, hasColumn } from '../arrow/read.js';
import { takeRows } from '../arrow/take.js';
import { RowError, ScaleQuestError } from '../errors.js';
import type { Batch } from './batch.js';
import type { ColumnTypes, NoColumns, Row, Values } from './columnTypes.js';
import type { LeftOut, LostRow, MadeRows, RowEvent, StateDelta } from './rowEvents.js';
import { type StepResult, type StepState, withStepResult } from './stepResult.js';

/**
 * What a step decides about one row; `Written` are the values of the columns that it writes. `mayDiffer`: it may decide otherwise
 * about the same row another time, as after a deadline.
 */
export type Outcome<Written = Values> =
  | { kind: 'keep'; values?: Written; leftOut?: LeftOutChoices; mayDiffer?: boolean }
  | { kind: 'multiply'; rows: readonly Written[] }
  | { kind: 'dropped'; reason: string; message?: string }
  | { kind: 'rejected'; reason: string; message: string };

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
 */
export function drop(reason: string, message = ''): Outcome<never> {
  return { kind: 'dropped', reason, message };
}

/** A RowError rejects its row; anything else is not the row's fault and goes on up. */
export function rejectOrThrow(error: unknown): Outcome<never> {
  if (error instanceof RowError) return { kind: 'rejected', reason: error.code, message: error.message };
  throw error;
}

/** What a step declares of its rows, and how it is told apart from others of its kind. */
export interface StepShape<
  Reads extends ColumnTypes = ColumnTypes,
  Writes extends readonly Column[] = readonly Column[],
  Lacking extends string = string,
> {
  /** The step's label in this pipeline: it names its counters, its seeds and its state. */
  step: string;
  reads: Reads;
  writes: Writes;
  /** Columns of `reads` that the step can decide a row without; it is given null. */
  mayLack?: readonly Lacking[];
  /** Columns of `reads` that may be missing altogether; the row then has no such property. */
  optional?: readonly string[] | undefined;
  /** The step's index in the pipeline, where the run caches step results. */
  at?: number | undefined;
  /** Called with the state of a stateful step, before the first batch and after each one, where the run caches step results. */
  onState?: ((state: StepState) => void) | undefined;
  /** Called once a batch, for live progress. */
  onCounts?: ((counts: StepCounts) => void) | undefined;
}

export interface StepCounts {
  rowsIn: number;
  kept: number;
  dropped: number;
  rejected: number;
}

/**
 * The rows of a batch with the columns in `shape.reads` and what identifies them, decoded. Throws ERR_PIPELINE_COLUMN for a
 * column that is not there, or of another type.
 */
export function readRows(batch: Batch, shape: StepShape): Row[] {
  assertColumns(batch, shape);
  const names = ['seq', SEQ_INDEX_COLUMN.name, ...Object.keys(shape.reads)];
  const found = names.filter((name) => hasColumn(batch.rows, name));
  const columns = found.map((name) => columnValues(batch.rows, name));
  const rows: Row[] = [];
  for (let index = 0; index < batch.rows.numRows; index++) {
    const row: Record<string, ColumnValue> = { seq: 0, seqIndex: 0 };
    for (let at = 0; at < found.length; at++) row[found[at]!] = columns[at]![index]!;
    rows.push(row as Row);
  }
  return rows;
}

/** `check` finds it in a pipeline file, the compiler in a typed pipe; what is left is a pipe without types. */
function assertColumns({ rows }: Batch, { step, reads, optional = [] }: StepShape): void {
  const { fields } = rows.schema;
  for (const [name, expected] of Object.entries(reads)) {
    const field = fields.find((one) => one.name === name);
    if (field ? columnTypeOf(field.type) === expected : optional.includes(name)) continue;
    const found = field ? `of type ${columnTypeOf(field.type) ?? field.type}` : 'in no batch that reaches it';
    throw new ScaleQuestError(
      'ERR_PIPELINE_COLUMN',
      `${step} reads the column "${name}" (${expected}), found it ${found}; the columns are: ` +
        `${fields.map((one) => one.name).join(', ')}. Put a step before it that writes "${name}", or correct the name.`,
      { data: { step, column: name } },
    );
  }
}

/** A row that lacks a value which its step reads cannot be decided; a file may well hold such rows. */
export function rejectIfIncomplete(row: Row, { reads, mayLack = [] }: StepShape): Outcome | null {
  for (const name in reads) if (row[name] === null && !mayLack.includes(name)) return incomplete(name);
  return null;
}

function incomplete(missing: string): Outcome {
  return {
    kind: 'rejected',
    reason: 'ROW_VALUE_MISSING',
    message: `the row has no value in its column "${missing}"`,
  };
}

/**
 * Applies one outcome a row: survivors get the written columns, the others become row events. `change`: of a stateful step, how
 * these rows changed its state, and a hash of the state before.
 */
export function applyOutcomes(
  batch: Batch,
  shape: StepShape,
  outcomes: readonly Outcome[],
  change?: { deltas: readonly StateDelta[]; stateBefore: string | undefined },
): Batch {
  const isNumbered = shape.writes.some(({ name }) => name === SEQ_INDEX_COLUMN.name);
  const areSame = outcomes.every((outcome) => outcome.kind === 'keep' && !outcome.leftOut);
  const rowIds = areSame && !isNumbered ? [] : readRows(batch, { ...shape, reads: {} });
  const from: number[] = [];
  const written: Values[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    for (const values of valuesOf(outcome)) {
      from.push(index);
      written.push(values);
    }
  }
  const taken = takeRows(batch.rows, from);
  const values = shape.writes.map(({ name }) =>
    name === SEQ_INDEX_COLUMN.name
      ? numberWithinSeq(from.map((index) => rowIds[index]!.seq))
      : written.map((row) => row[name] ?? null),
  );
  const own = shape.writes.length > 0 ? buildRows(shape.writes, values, from.length) : null;
  const lost = lostRows(batch, rowIds, shape.step, outcomes);
  const events = [
    ...[...lost, ...madeRows(rowIds, shape.step, outcomes)],
    ...[...leftOut(rowIds, shape.step, outcomes), ...(change?.deltas ?? [])],
  ];
  const { lo, hi } = batch;
  const rows = own ? joinColumns([taken, own]) : taken;
  const stateBefore = change?.stateBefore;
  const result: StepResult = { rowsIn: outcomes.length, from, written: own, events, stateBefore };
  shape.onCounts?.(countsOf(result));
  const mayDiffer = outcomes.some((outcome) => outcome.kind === 'keep' && outcome.mayDiffer);
  const stepResults = withStepResult(batch.stepResults, shape.at, result, mayDiffer);
  return { lo, hi, rows, events: [...batch.events, ...events], ...(stepResults ? { stepResults } : {}) };
}

export function countsOf({ rowsIn, from, events }: StepResult): StepCounts {
  const count = (kind: RowEvent['kind']): number => events.filter((event) => event.kind === kind).length;
  return { rowsIn, kept: from.length, dropped: count('dropped'), rejected: count('rejected') };
}

const NO_VALUES: Values = {};

function valuesOf(outcome: Outcome): readonly Values[] {
  if (outcome.kind === 'keep') return [outcome.values ?? NO_VALUES];
  return outcome.kind === 'multiply' ? outcome.rows : [];
}

/** 0, 1, 2 … for the rows of one seq; they are adjacent, and never in two batches. */
function numberWithinSeq(seqs: readonly number[]): number[] {
  let number = 0;
  return seqs.map((seq, at) => (number = at > 0 && seqs[at - 1] === seq ? number + 1 : 0));
}

function lostRows(
  batch: Batch,
  rowIds: readonly Row[],
  step: string,
  outcomes: readonly Outcome[],
): LostRow[] {
  if (!outcomes.some(({ kind }) => kind === 'dropped' || kind === 'rejected')) return [];
  const questions = hasColumn(batch.rows, 'question') ? columnValues(batch.rows, 'question') : null;
  return outcomes.flatMap((outcome, index): LostRow[] => {
    if (outcome.kind !== 'dropped' && outcome.kind !== 'rejected') return [];
    const { kind, reason, message = '' } = outcome;
    const { seq, seqIndex } = rowIds[index]!;
    const question = (questions?.[index] ?? null) as string | null;
    return [{ kind, seq, seqIndex, step, reason, message, question }];
  });
}

function madeRows(rowIds: readonly Row[], step: string, outcomes: readonly Outcome[]): MadeRows[] {
  return outcomes.flatMap((outcome, index): MadeRows[] => {
    if (outcome.kind !== 'multiply') return [];
    if (outcome.rows.length === 0) throw noRows(step);
    const { seq } = rowIds[index]!;
    return outcome.rows.length === 1 ? [] : [{ kind: 'made', seq, step, rows: outcome.rows.length - 1 }];
  });
}

function leftOut(rowIds: readonly Row[], step: string, outcomes: readonly Outcome[]): LeftOut[] {
  return outcomes.flatMap((outcome, index): LeftOut[] => {
    if (outcome.kind !== 'keep' || !outcome.leftOut) return [];
    const { seq } = rowIds[index]!;
    return Object.entries(outcome.leftOut).map(([reason, choices]) => ({
      ...{ kind: 'leftOut', seq, step, reason, choices },
    }));
  });
}

function noRows(step: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    `${step} made no rows of one, expected at least one: a row that ends is dropped or rejected, with a reason`,
  );
}
