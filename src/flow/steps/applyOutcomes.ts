import { cellOf } from '../../arrow/cellOf.js';
import { columnTypeOf } from '../../arrow/arrowType.js';
import { buildRows } from '../../arrow/build.js';
import { type ColumnValue, SEQ_INDEX_COLUMN } from '../../arrow/columnType.js';
import { joinColumns } from '../../arrow/columns.js';
import { columnValues, hasColumn } from '../../arrow/read.js';
import { takeRows } from '../../arrow/take.js';
import { ScaleQuestError } from '../../errors.js';
import type { Batch } from '../batch.js';
import type { Row, Values } from './columnTypes.js';
import { answersOf } from './answersOf.js';
import { cutText } from './lostReply.js';
import type { Outcome, StepCounts, StepShape } from './outcome.js';
import type { LeftOut, LostRow, MadeRows, RowEvent, StateDelta } from '../rowEvents.js';
import { type StepResult, withStepResult } from '../stepResults/stepResult.js';

/**
 * The rows of a batch with the columns in `shape.reads` and what identifies them, decoded. Throws ERR_PIPELINE_COLUMN for a
 * column that is not there, or of another type.
 */
export function readRows(batch: Batch, shape: StepShape): Row[] {
  assertColumns(batch, shape);
  const used = (shape.uses ?? []).map(({ name }) => name);
  const names = [...new Set(['seq', SEQ_INDEX_COLUMN.name, ...Object.keys(shape.reads), ...used])];
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
function assertColumns({ rows }: Batch, { step, reads, uses = [], optional = [] }: StepShape): void {
  const { fields } = rows.schema;
  for (const { name } of uses) {
    if (fields.some((one) => one.name === name)) continue;
    throw new ScaleQuestError(
      'ERR_PIPELINE_COLUMN',
      `the prompt of ${step} uses {{ ${name} }}, and no batch that reaches it has such a column; the columns are: ` +
        `${fields.map((one) => one.name).join(', ')}. Put a step before it that writes "${name}", or correct the name.`,
      { data: { step, column: name } },
    );
  }
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
  const rowIds = areSame && !isNumbered ? [] : readRows(batch, { ...shape, reads: {}, uses: [] });
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
      : written.map((row) => cellOf(row, name)),
  );
  const own = shape.writes.length > 0 ? buildRows(shape.writes, values, from.length) : null;
  const lost = lostRows(batch, rowIds, shape, outcomes);
  const events = [
    ...[...lost, ...madeRows(rowIds, shape.step, outcomes)],
    ...[...leftOut(rowIds, shape.step, outcomes), ...(change?.deltas ?? [])],
  ];
  const { lo, hi } = batch;
  const rows = own ? joinColumns([taken, own]) : taken;
  const stateBefore = change?.stateBefore;
  const result: StepResult = { rowsIn: outcomes.length, from, written: own, events, stateBefore };
  shape.onCounts?.(countsOf(result));
  const mayDiffer = outcomes.some((outcome) => 'mayDiffer' in outcome && outcome.mayDiffer);
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
  { step, lostReplyCharsMax = Infinity }: StepShape,
  outcomes: readonly Outcome[],
): LostRow[] {
  if (!outcomes.some(({ kind }) => kind === 'dropped' || kind === 'rejected')) return [];
  const answerOf = answersOf(batch);
  const questions = hasColumn(batch.rows, 'question') ? columnValues(batch.rows, 'question') : null;
  return outcomes.flatMap((outcome, index): LostRow[] => {
    if (outcome.kind !== 'dropped' && outcome.kind !== 'rejected') return [];
    const { kind, reason, message = '' } = outcome;
    const { seq, seqIndex } = rowIds[index]!;
    const question = (questions?.[index] ?? null) as string | null;
    const whole = outcome.reply ?? answerOf(index);
    const reply = whole === null ? null : cutText(whole, lostReplyCharsMax);
    return [{ kind, seq, seqIndex, step, reason, message, question, reply }];
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
