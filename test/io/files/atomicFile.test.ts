import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder, writeAtomic } from '../../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { crashingFiles } from '../../helpers/files/crashingFiles.js';
import { testFolder, watchedFiles } from '../../helpers/files/testFolder.js';

test('syncs the bytes before the name, and the name before it returns', async (t) => {
  const folder = await testFolder(t);
  const { files, calls } = watchedFiles();
  await writeAtomic(files, join(folder, 'a.json'), '{"π":3}');
  assert.equal(await readFile(join(folder, 'a.json'), 'utf8'), '{"π":3}');
  assert.deepEqual(
    calls.map((call) => call.split(' ')[0]),
    ['open', 'write', 'sync', 'close', 'rename', 'syncFolder'],
  );
});

test('whatever fails, the old file stays whole, no temporary file stays, and the error says what to do', async (t) => {
  for (let nth = 0; nth < 5; nth++) {
    const folder = await testFolder(t);
    const path = join(folder, 'a.txt');
    await writeAtomic(nodeFiles, path, 'old');
    const { files } = watchedFiles((_call, at) => (at === nth ? 'ENOSPC' : null));
    await assert.rejects(writeAtomic(files, path, 'new'), {
      code: 'ERR_IO_WRITE',
      message: /cannot write .*a\.txt(\.tmp)? \(ENOSPC\): the disk is full\. Free some space/,
    });
    assert.equal(await readFile(path, 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['a.txt'], `after failure ${nth}`);
  }
});

test('a folder that is missing is named', async (t) => {
  const path = join(await testFolder(t), 'no', 'a.txt');
  await assert.rejects(writeAtomic(nodeFiles, path, ''), {
    code: 'ERR_IO_WRITE',
    message: /no\/a\.txt.*\(ENOENT\)/,
  });
});

test('a folder is there after a power cut, with its parents; so is one that a killed process had made', async () => {
  for (const made of [null, '/runs', '/runs/a']) {
    const files = crashingFiles();
    if (made) await files.mkdir(made);
    await makeFolder(files, '/runs/a');
    await writeAtomic(files, '/runs/a/file', 'whole');
    files.restart('machine', () => 0);
    assert.deepEqual([...files.snapshot().keys()], ['/runs/a/file'], `${made} was there before`);
  }
});

test('a folder whose parent cannot be opened may be used', async () => {
  const files = crashingFiles(({ kind, path }) =>
    kind === 'syncFolder' && path === '/shared' ? { kind: 'error', errno: 'EACCES' } : null,
  );
  await files.mkdir('/shared/mine');
  await makeFolder(files, '/shared/mine');
  await assert.rejects(makeFolder(files, '/shared/other'), { code: 'ERR_IO_WRITE' });
});

test('a folder whose flush failed before is not used while its flush still fails', async () => {
  let isBroken = true;
  const files = crashingFiles(({ kind, path }) =>
    isBroken && kind === 'syncFolder' && path === '/runs' ? { kind: 'error', errno: 'EIO' } : null,
  );
  await assert.rejects(makeFolder(files, '/runs/a'), { code: 'ERR_IO_WRITE' });
  await assert.rejects(makeFolder(files, '/runs/a'), { code: 'ERR_IO_WRITE' });
  isBroken = false;
  await makeFolder(files, '/runs/a');
});
