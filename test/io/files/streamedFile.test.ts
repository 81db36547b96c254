import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashBytes } from '../../../src/io/files/atomicFile.js';
import { openStreamedFile } from '../../../src/io/files/streamedFile.js';
import { testFolder, watchedFiles } from '../../helpers/files/testFolder.js';

const PIECES = ['one ', 'two'].map((text) => Buffer.from(text));

test('a file has its name when it is whole and flushed, and nothing is there before its first piece', async (t) => {
  const folder = await testFolder(t);
  const { files, calls } = watchedFiles();
  const file = openStreamedFile(files, join(folder, 'a'), join(folder, 'a.tmp'));
  assert.equal(calls.length, 0);
  for (const piece of PIECES) await file.write(piece);
  assert.deepEqual(await readdir(folder), ['a.tmp']);
  const whole = Buffer.concat(PIECES);
  assert.deepEqual(await file.finish(), { bytes: whole.length, sha256: hashBytes(whole) });
  assert.deepEqual(await readFile(join(folder, 'a')), whole);
  assert.deepEqual(
    calls.map((call) => call.split(' ')[0]),
    ['open', 'write', 'write', 'sync', 'close', 'rename', 'syncFolder'],
  );
  await file.abort();
  assert.deepEqual(await readdir(folder), ['a']);
});

test('what is given up, or cannot be finished, leaves nothing', async (t) => {
  const folder = await testFolder(t);
  for (const failing of ['none', 'write', 'sync', 'rename']) {
    const { files } = watchedFiles((call) => (call.startsWith(failing) ? 'ENOSPC' : null));
    const file = openStreamedFile(files, join(folder, 'a'), join(folder, 'a.tmp'));
    const writing = file.write(PIECES[0]!).then(() => (failing === 'none' ? undefined : file.finish()));
    if (failing === 'none') await writing;
    else await assert.rejects(writing, { code: 'ERR_IO_WRITE' }, failing);
    await file.abort();
    assert.deepEqual(await readdir(folder), [], failing);
  }
});
