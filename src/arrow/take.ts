import type { RecordBatch } from 'apache-arrow';
import { ScaleQuestError } from '../errors.js';
import { rowsOf } from './build.js';
import { gather } from './gather.js';

/**
 * The rows at `indices`, in that order; an index may come several times. The schema stays the same. If `indices` names all rows in
 * order, the batch itself is returned without a copy. Throws ERR_INVARIANT for an index outside the batch.
 */
export function takeRows(rows: RecordBatch, indices: Int32Array | readonly number[]): RecordBatch {
  if (isIdentity(rows, indices)) return rows;
  const runs = findRuns(indices, rows.numRows);
  const children = rows.schema.fields.map(({ type }, at) =>
    gather(type, [{ data: rows.data.children[at]!, runs }]),
  );
  return rowsOf(rows.schema, children, indices.length);
}

function isIdentity({ numRows }: RecordBatch, indices: Int32Array | readonly number[]): boolean {
  if (indices.length !== numRows) return false;
  for (let at = 0; at < numRows; at++) if (indices[at] !== at) return false;
  return true;
}

/** Neighbouring rows are copied together, which is most of the speed on text. */
function findRuns(indices: Int32Array | readonly number[], rowCount: number): Int32Array {
  const runs = new Int32Array(indices.length * 2);
  let used = 0;
  for (let at = 0; at < indices.length; at++) {
    const row = indices[at]!;
    if (!(Number.isInteger(row) && row >= 0 && row < rowCount)) throw outside(row, rowCount);
    if (used > 0 && runs[used - 1] === row) runs[used - 1] = row + 1;
    else {
      runs[used++] = row;
      runs[used++] = row + 1;
    }
  }
  return runs.slice(0, used);
}

function outside(row: number, rowCount: number): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    `cannot take row ${row}, expected an integer from 0 to ${rowCount - 1}`,
  );
}
