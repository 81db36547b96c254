import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../../src/io/files/files.js';
import { crc32 } from '../../../../src/io/parquet/read/crc32.js';
import { readParquetBlocks } from '../../../../src/io/parquet/readParquet.js';
import { collect } from '../../../helpers/texts/chunks.js';
import { FIXTURES, readFixture } from '../../../helpers/files/parquetFixtures.js';
import { testFolder } from '../../../helpers/files/testFolder.js';

test('the check value of the standard', () => {
  assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926);
  assert.equal(crc32(new Uint8Array(0)), 0);
});

test('a changed text is noticed where the writer left checksums', async (t) => {
  assert.deepEqual(await readFixture('checksum.parquet', 'a', 'string'), ['one', 'two']);
  const bytes = await readFile(join(FIXTURES, 'checksum.parquet'));
  const path = join(await testFolder(t), 'a.parquet');
  const at = bytes.indexOf('two');
  bytes[at] = bytes[at]! ^ 1;
  await writeFile(path, bytes);
  const columns = [{ name: 'a', type: 'string' as const, help: '' }];
  await assert.rejects(collect(readParquetBlocks(nodeFiles, { paths: [path], columns })), {
    code: 'ERR_DATA_INVALID',
    message: /the checksum of a page is wrong \(column "a"\)/,
  });
});
