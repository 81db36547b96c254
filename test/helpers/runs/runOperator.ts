import '../../../src/flow/steps/loadStepStreams.js';
import { type Observable, from, lastValueFrom, toArray } from 'rxjs';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column, ColumnType, ColumnValue } from '../../../src/arrow/columnType.js';
import { SEQ_COLUMN } from '../../../src/arrow/columnType.js';
import { columnValues } from '../../../src/arrow/read.js';
import type { Model } from '../../../src/backends/model.js';
import type { Batch, BatchOperator } from '../../../src/flow/batch.js';
import { type LostRow, type StateDelta, isDelta, isLost } from '../../../src/flow/rowEvents.js';
import { createContext } from '../../../src/run/open/createContext.js';
import type { RunContext } from '../../../src/operators/lib/operator.js';

export type PlainRow = Record<string, ColumnValue>;

/** Rows without `seq`: they are numbered from 0. */
export interface Input {
  columns: Readonly<Record<string, ColumnType>>;
  /** Columns that may be null. */
  nullable?: readonly string[];
  rows: readonly PlainRow[];
}

export interface Output {
  rows: PlainRow[];
  lost: LostRow[];
  deltas: StateDelta[];
  batches: Batch[];
}

/** What operators are given in tests: the built-in prompts, seed 7. */
export function contextOf(models: readonly Model[] = [], more: Partial<RunContext> = {}): RunContext {
  return createContext({
    seed: 7,
    models: Object.fromEntries(models.map((model) => [model.name, model])),
    ...more,
  });
}

/** Plain rows cut into batches; none for no rows. */
export function batchesOf({ columns, rows, nullable = [] }: Input, batchRows: number): Batch[] {
  const declared = Object.entries(columns).map(([name, type]): Column => ({
    name,
    type,
    help: '',
    nullable: nullable.includes(name),
  }));
  const batches: Batch[] = [];
  for (let lo = 0; lo < rows.length; lo += batchRows) {
    const cut = rows.slice(lo, lo + batchRows);
    const seqs = cut.map((_, at) => lo + at);
    const values = declared.map(({ name }) => cut.map((row) => row[name] ?? null));
    const built = buildRows([SEQ_COLUMN, ...declared], [seqs, ...values], cut.length);
    batches.push({ lo, hi: lo + cut.length, rows: built, events: [] });
  }
  return batches;
}

/** Runs an operator over plain rows and gives what came out of it. */
export async function runOperator(
  operator: BatchOperator,
  input: Input,
  batchRows = Math.max(1, input.rows.length),
): Promise<Output> {
  return outputOf(from(batchesOf(input, batchRows)).pipe(operator));
}

export async function outputOf(stream: Observable<Batch>): Promise<Output> {
  const batches = await lastValueFrom(stream.pipe(toArray()));
  const events = batches.flatMap((batch) => batch.events);
  return {
    batches,
    rows: batches.flatMap(plainRows),
    lost: events.filter(isLost),
    deltas: events.filter(isDelta),
  };
}

function plainRows({ rows }: Batch): PlainRow[] {
  const names = rows.schema.fields.map(({ name }) => name);
  const columns = names.map((name) => columnValues(rows, name));
  return Array.from({ length: rows.numRows }, (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, columns[at]![row]!])),
  );
}

/** Rows with a `question` each. */
export function questionsInput(questions: readonly string[]): Input {
  return { columns: { question: 'string' }, rows: questions.map((question) => ({ question })) };
}

/** `seq reason` of each lost row. */
export function lostTexts({ lost }: Pick<Output, 'lost'>): string[] {
  return lost.map(({ seq, kind, reason }) => `${seq} ${kind} ${reason}`);
}
