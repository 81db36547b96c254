import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { type RecordBatch, Schema } from 'apache-arrow';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { buildRows } from '../../../src/arrow/build.js';
import { arrowField } from '../../../src/arrow/arrowType.js';
import { type Column } from '../../../src/arrow/columnType.js';
import { createShardEncoder } from '../../../src/io/parquet/shardEncoder.js';
import { loadZstd } from '../../../src/io/parquet/zstd.js';

const COLUMNS: Column[] = [
  { name: 'seq', type: 'int32', help: '' },
  { name: 'text', type: 'string', help: '' },
];
const OPTIONS = { schema: new Schema(COLUMNS.map(arrowField)), metadata: { pipeline: 'p' }, zstdLevel: 3 };

function rowsOf(lo: number, hi: number): RecordBatch {
  const seqs = Array.from({ length: hi - lo }, (_, at) => lo + at);
  return buildRows(COLUMNS, [seqs, seqs.map((seq) => `row ${seq}`)], seqs.length);
}

/** The file of rows 0 to `count` - 1, given in batches of `batchRows`. */
function encode(count: number, batchRows: number, rowGroupRows = 4) {
  const encoder = createShardEncoder({ ...OPTIONS, rowGroupRows });
  const pieces: Uint8Array[] = [];
  const piecesAfter: number[] = [];
  for (let lo = 0; lo < count; lo += batchRows) {
    pieces.push(...encoder.write(rowsOf(lo, Math.min(count, lo + batchRows))));
    piecesAfter.push(pieces.length);
  }
  const { bytes, written } = encoder.finish();
  return { file: Buffer.concat([...pieces, ...bytes]), written, piecesAfter };
}

before(loadZstd);

test('row groups hold rowGroupRows rows, the last the rest, and are given as soon as they are full', async () => {
  const { file, written, piecesAfter } = encode(10, 3);
  assert.deepEqual(piecesAfter, [0, 1, 2, 2]);
  const { buffer } = new Uint8Array(file);
  const { row_groups, created_by, key_value_metadata } = parquetMetadata(buffer);
  assert.deepEqual(
    row_groups.map(({ num_rows }) => Number(num_rows)),
    [4, 4, 2],
  );
  assert.equal(created_by, 'scalequest');
  assert.deepEqual(
    key_value_metadata!.map(({ key }) => key),
    ['pipeline', 'ARROW:schema'],
  );
  const rows = await parquetReadObjects({ file: buffer, compressors });
  assert.deepEqual(
    rows,
    Array.from({ length: 10 }, (_, seq) => ({ seq, text: `row ${seq}` })),
  );
  const sha256 = createHash('sha256').update(file).digest('hex');
  assert.deepEqual(written, { rows: 10, bytes: file.length, sha256 });
});

test('the bytes depend on the rows, not on how they are cut into batches', () => {
  const { written } = encode(10, 10);
  for (const batchRows of [1, 3, 4, 7]) assert.deepEqual(encode(10, batchRows).written, written);
  assert.notEqual(encode(10, 10, 5).written.sha256, written.sha256);
});

test('rows of another schema are refused', () => {
  const encoder = createShardEncoder({ ...OPTIONS, rowGroupRows: 4 });
  const other = buildRows([COLUMNS[0]!], [[1]], 1);
  assert.throws(() => encoder.write(other), { code: 'ERR_INVARIANT' });
});
