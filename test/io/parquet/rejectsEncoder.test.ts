import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type RejectRow, createRejectsEncoder } from '../../../src/io/parquet/rejectsEncoder.js';

const GROUP_ROWS = 16_384;

function lost(count: number): RejectRow[] {
  return Array.from({ length: count }, (_, seq) => ({
    ...{ seq, seqIndex: seq % 2, step: 'filter', reason: 'short', kind: 'dropped', message: '' },
    ...{ question: seq % 3 === 0 ? null : `¿Cuántas? ${seq}`, reply: seq % 5 === 0 ? null : 'ninguna' },
  }));
}

test('bytes come when a row group is full, and the file reads back', async () => {
  const rows = lost(GROUP_ROWS + 2);
  const encoder = createRejectsEncoder();
  const first = encoder.write(rows.slice(0, GROUP_ROWS - 1));
  const second = encoder.write(rows.slice(GROUP_ROWS - 1));
  assert.ok(first.length <= 4, 'the first bytes of a file say that it is Parquet');
  assert.ok(second.length > 10_000);
  const { buffer: file } = new Uint8Array(Buffer.concat([first, second, encoder.finish()]));
  assert.deepEqual(
    parquetMetadata(file).row_groups.map((group) => Number(group.num_rows)),
    [GROUP_ROWS, 2],
  );
  const read = await parquetReadObjects({ file, compressors });
  assert.deepEqual(
    read.map((row) => ({ ...row, question: row.question ?? null, reply: row.reply ?? null })),
    rows,
  );
});

test('the bytes do not depend on how the rows came', () => {
  const rows = lost(100);
  const whole = createRejectsEncoder();
  const expected = Buffer.concat([whole.write(rows), whole.finish()]);
  const pieces = createRejectsEncoder();
  const written = rows.map((row) => pieces.write([row]));
  assert.deepEqual(Buffer.concat([...written, pieces.finish()]), expected);
});
