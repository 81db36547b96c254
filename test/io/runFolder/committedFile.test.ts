import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashBytes } from '../../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { assertUndamaged, damageOf } from '../../../src/io/runFolder/committedFile.js';
import { testFolder } from '../../helpers/files/testFolder.js';

/** Larger than one piece that is read. */
const BYTES = Buffer.alloc((1 << 20) + 17, 'row ');

test('a file is as it was written, or it is said what is wrong with it', async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, 'a.bin');
  const record = { bytes: BYTES.length, sha256: hashBytes(BYTES) };
  const damage = (): Promise<string | null> => damageOf(nodeFiles, path, record);
  assert.match((await damage())!, /found no file, expected the 1048593 bytes/);
  await writeFile(path, BYTES);
  assert.equal(await damage(), null);
  for (const at of [0, 1 << 20, BYTES.length - 1]) {
    const changed = Buffer.from(BYTES);
    changed[at]! ^= 4;
    await writeFile(path, changed);
    assert.match((await damage())!, /found other bytes than those that were committed/, `byte ${at}`);
  }
  await writeFile(path, BYTES.subarray(1));
  assert.match((await damage())!, /found 1048592 bytes, expected the 1048593/);
});

test('the first damaged file ends it, by its path and with what to do', async (t) => {
  const folder = await testFolder(t);
  const records = ['a', 'b'].map((file) => ({
    file,
    rows: 1,
    bytes: BYTES.length,
    sha256: hashBytes(BYTES),
  }));
  for (const { file } of records) await writeFile(join(folder, file), BYTES);
  await assertUndamaged(nodeFiles, folder, records);
  await rm(join(folder, 'b'));
  await assert.rejects(assertUndamaged(nodeFiles, folder, records), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_DATA_INVALID');
    assert.match(error.message, /Restore the file from a copy, or start .* with --fresh/);
    return error.message.startsWith(`${join(folder, 'b')}: `);
  });
});
