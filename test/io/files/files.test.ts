import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles, readWhole } from '../../../src/io/files/files.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('appends where it stopped, reads parts, cuts', async (t) => {
  const path = join(await testFolder(t), 'a');
  for (const text of ['one', 'two']) {
    const file = await nodeFiles.open(path, 'append');
    await file.write(Buffer.from(text));
    await file.close();
  }
  const file = await nodeFiles.open(path, 'append');
  assert.equal(Buffer.from(await file.read(2, 100)).toString(), 'etwo');
  await file.truncate(4);
  await file.write(Buffer.from('!'));
  await file.close();
  assert.equal(Buffer.from(await readWhole(nodeFiles, path)).toString(), 'onet!');
  const { id, ...rest } = (await nodeFiles.stat(path))!;
  assert.deepEqual(rest, { sizeBytes: 5, isFolder: false });
  assert.match(id!, /^\d+:\d+$/);
  assert.equal(await nodeFiles.stat(`${path}.none`), null);
});

test('errors carry the code, the path and the system error', async (t) => {
  const folder = await testFolder(t);
  await assert.rejects(
    nodeFiles.open(join(folder, 'none'), 'read'),
    (error: Error & Record<string, unknown>) => {
      assert.equal(error.code, 'ERR_IO_READ');
      assert.match(error.message, /cannot read .*none \(ENOENT\): nothing is there/);
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOENT');
      return true;
    },
  );
  await assert.rejects(nodeFiles.open(folder, 'write'), {
    code: 'ERR_IO_WRITE',
    message: /EISDIR.*expected a file/,
  });
});

test('a pipe is refused at once, and not waited for', { skip: process.platform === 'win32' }, async (t) => {
  const path = join(await testFolder(t), 'rows.jsonl');
  execFileSync('mkfifo', [path]);
  for (const of of [path, '/dev/zero'])
    await assert.rejects(nodeFiles.open(of, 'read'), {
      code: 'ERR_IO_READ',
      message: /it is a pipe or a device/,
    });
});
