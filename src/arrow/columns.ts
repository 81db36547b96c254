import { type Data, type Field, Int32, type RecordBatch, Schema, makeData } from 'apache-arrow';
import { ScaleQuestError } from '../errors.js';
import { buildRows, rowsOf } from './build.js';
import { arrowField } from './arrowType.js';
import { type Column, type ColumnValue, SEQ_COLUMN } from './columnType.js';
import { gather } from './gather.js';
import { columnData } from './read.js';

/**
 * A new batch with `columns` at the end; one of the same name as an earlier column replaces it. The other columns are shared,
 * not copied. The values are `values[column][row]`. Throws ERR_INVARIANT as `buildData` does, and for a column that does not
 * have one value a row.
 */
export function addColumns(
  rows: RecordBatch,
  columns: readonly Column[],
  values: readonly (readonly ColumnValue[])[],
): RecordBatch {
  return joinColumns([rows, buildRows(columns, values, rows.numRows)]);
}

/** Joins batches with the same number of rows side by side and shares their columns; a column replaces an earlier one of its name. */
export function joinColumns(batches: readonly RecordBatch[]): RecordBatch {
  const columns = new Map<string, { field: Field; data: Data }>();
  for (const { schema, data } of batches) {
    for (const [at, field] of schema.fields.entries())
      columns.set(field.name, { field, data: data.children[at]! });
  }
  const joined = [...columns.values()];
  const schema = new Schema(
    joined.map(({ field }) => field),
    batches[0]!.schema.metadata,
  );
  return rowsOf(
    schema,
    joined.map(({ data }) => data),
    batches[0]!.numRows,
  );
}

/** The named columns, in that order, shared. Throws ERR_INVARIANT if one is missing. */
export function selectColumns(rows: RecordBatch, names: readonly string[]): RecordBatch {
  const children = names.map((name) => columnData(rows, name));
  const fields = names.map((name) => rows.schema.fields.find((field) => field.name === name)!);
  return rowsOf(new Schema(fields, rows.schema.metadata), children, rows.numRows);
}

/** The same columns under the names that `nameOf` gives them, shared. */
export function renameColumns(rows: RecordBatch, nameOf: (name: string) => string): RecordBatch {
  const fields = rows.schema.fields.map((field) => field.clone({ name: nameOf(field.name) }));
  return rowsOf(new Schema(fields, rows.schema.metadata), [...rows.data.children], rows.numRows);
}

/** Zero rows of a schema. */
export function emptyRows(schema: Schema): RecordBatch {
  return rowsOf(
    schema,
    schema.fields.map(({ type }) => gather(type, [])),
    0,
  );
}

/**
 * The source of a run that starts from nothing: one column `seq` = lo … hi - 1. Throws ERR_PIPELINE_BOUND
 * past 2^31 - 1.
 */
export function seqBatch(lo: number, hi: number): RecordBatch {
  if (!(lo >= 0 && lo <= hi && hi <= 0x7fff_ffff)) {
    throw new ScaleQuestError(
      'ERR_PIPELINE_BOUND',
      `found source positions [${lo}, ${hi}), expected them between 0 and 2147483647: seq is an int32. ` +
        'Split the work into several runs.',
    );
  }
  const data = Int32Array.from({ length: hi - lo }, (_, at) => lo + at);
  const seq = makeData({ type: new Int32(), length: data.length, nullCount: 0, data });
  return rowsOf(new Schema([arrowField(SEQ_COLUMN)]), [seq], data.length);
}
