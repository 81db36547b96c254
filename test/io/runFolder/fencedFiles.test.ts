import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryPath } from '../../../src/io/files/atomicFile.js';
import { fencedFiles } from '../../../src/io/runFolder/fencedFiles.js';
import { crashingFiles } from '../../helpers/files/crashingFiles.js';

const LOST = { message: 'lost' };

async function fenced() {
  const disk = crashingFiles();
  await disk.mkdir('/run');
  let isHeld = true;
  const files = fencedFiles(disk, 'aaaaaaaa', async () => {
    if (!isHeld) throw new Error('lost');
  });
  return { disk, files, lose: () => void (isHeld = false) };
}

test('once the lock is lost, nothing is renamed or removed but the writer’s own temporary files', async () => {
  const { disk, files, lose } = await fenced();
  assert.equal(temporaryPath(files, '/run/a'), '/run/a.aaaaaaaa.tmp');
  for (const name of ['a', 'a.aaaaaaaa.tmp', 'a.tmp', 'b.bbbbbbbb.tmp'])
    await (await files.open(`/run/${name}`, 'write')).close();
  await files.rename('/run/a.tmp', '/run/c');
  await files.unlink('/run/c');
  lose();
  await assert.rejects(files.rename('/run/a.aaaaaaaa.tmp', '/run/a'), LOST);
  for (const name of ['a', 'b.bbbbbbbb.tmp']) await assert.rejects(files.unlink(`/run/${name}`), LOST);
  await files.unlink('/run/a.aaaaaaaa.tmp');
  assert.deepEqual(await disk.readdir('/run'), ['a', 'b.bbbbbbbb.tmp']);
});

test('a file to append to is checked when it is open and after each flush, and leaves no handle open', async () => {
  const { disk, files, lose } = await fenced();
  const file = await files.open('/run/log', 'append');
  await file.write(Buffer.from('a'));
  await file.sync();
  lose();
  await file.write(Buffer.from('b'));
  await assert.rejects(file.sync(), LOST);
  await file.close();
  await assert.rejects(files.open('/run/log', 'append'), LOST);
  assert.equal(disk.openHandles, 0);
});
