import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Damage } from '../../../../src/io/files/damage.js';
import { footerBytesOf } from '../../../../src/io/parquet/read/ends.js';
import { FIXTURES } from '../../../helpers/files/parquetFixtures.js';

const WHOLE = readFileSync(join(FIXTURES, 'scalars.parquet'));

function footerOf(bytes: Uint8Array): Promise<number> {
  const slice = (start: number, end = bytes.length): ArrayBuffer =>
    Uint8Array.from(bytes).slice(start, end).buffer;
  return footerBytesOf('/data/a.parquet', { byteLength: bytes.length, slice });
}

test('the footer of a whole file has its length', async () => {
  assert.equal(await footerOf(new Uint8Array(WHOLE)), WHOLE.readUInt32LE(WHOLE.length - 8));
});

test('files of other kinds are told by what they begin with', async () => {
  const refused = (text: string): Promise<void> =>
    assert.rejects(footerOf(Buffer.from(text)), { code: 'ERR_DATA_INVALID' });
  for (const text of ['', 'x', '{"a":1}\n', 'PARE0000PARE', 'version https://git-lfs.github.com/spec/v1\n'])
    await refused(text);
  await assert.rejects(footerOf(Buffer.of()), /\/data\/a\.parquet: found no byte, expected a Parquet file/);
  await assert.rejects(footerOf(Buffer.from('PARE0000PARE')), /an encrypted Parquet file/);
  await assert.rejects(footerOf(Buffer.from('version https://git-lfs.github.com/spec/v1\n')), /git lfs pull/);
});

test('a file that is cut off anywhere is damaged', async () => {
  for (const bytes of [4, 8, 11, 12, 100, WHOLE.length - 1])
    await assert.rejects(
      footerOf(new Uint8Array(WHOLE.subarray(0, bytes))),
      (error) => error instanceof Damage,
    );
  const long = new Uint8Array(WHOLE);
  new DataView(long.buffer).setUint32(long.length - 8, long.length, true);
  await assert.rejects(footerOf(long), /more than the file/);
});
