import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ScaleQuestError } from '../../../src/errors.js';
import { type Files, fileError, nodeFiles } from '../../../src/io/files/files.js';
import {
  LOCK_FILE,
  type LockHolder,
  lockRunFolder,
  seizeRunFolder,
} from '../../../src/io/runFolder/runLock.js';
import { deriveSeed } from '../../../src/random.js';
import { cases } from '../../helpers/texts/cases.js';
import { crashingFiles } from '../../helpers/files/crashingFiles.js';
import { unsealed } from '../../helpers/runs/unsealed.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const MODULE = new URL('../../../src/io/runFolder/runLock.js', import.meta.url).href;
const FILES = new URL('../../../src/io/files/files.js', import.meta.url).href;

const noWait = async (): Promise<void> => {};

/** A process of its own that takes the lock and waits. */
async function holderProcess(folder: string) {
  const code = `const { lockRunFolder } = await import(${JSON.stringify(MODULE)});
    const { nodeFiles } = await import(${JSON.stringify(FILES)});
    const locked = lockRunFolder(nodeFiles, ${JSON.stringify(folder)}, async () => {});
    await locked.catch((error) => console.log(error.code));
    console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString() };
}

test('one process at a time: another is refused while it lives, and takes over when it was killed', async (t) => {
  const folder = await testFolder(t);
  const { child, said } = await holderProcess(folder);
  t.after(() => child.kill('SIGKILL'));
  assert.equal(said, 'locked\n');
  await assert.rejects(lockRunFolder(nodeFiles, folder, noWait), {
    code: 'ERR_RUN_FOLDER',
    message: new RegExp(`process ${child.pid} on .* is writing it, expected one process at a time`),
  });
  child.kill('SIGKILL');
  await once(child, 'close');
  const lock = await lockRunFolder(nodeFiles, folder, noWait);
  await lock.release();
  assert.equal(existsSync(join(folder, LOCK_FILE)), false);
});

test('a pid that another process has by now holds nothing', async (t) => {
  const folder = await testFolder(t);
  const self: LockHolder = { host: 'here', pid: 7, bornAt: '200' };
  await writeFile(join(folder, LOCK_FILE), JSON.stringify({ host: 'here', pid: 7, bornAt: '100' }));
  const isAlive = ({ pid, bornAt }: LockHolder): boolean => pid === 7 && bornAt === '200';
  await lockRunFolder(nodeFiles, folder, noWait, { self, isAlive });
  assert.deepEqual(unsealed(await readFile(join(folder, LOCK_FILE), 'utf8')), self);
});

test('a lock of another machine is not taken over unasked, one that a crash left half written is', async (t) => {
  const folder = await testFolder(t);
  const self: LockHolder = { host: 'here', pid: 7, bornAt: null };
  const world = { self, isAlive: () => false };
  await writeFile(join(folder, LOCK_FILE), JSON.stringify({ host: 'there', pid: 7, bornAt: null }));
  await assert.rejects(
    lockRunFolder(nodeFiles, folder, noWait, world),
    /process 7 on there .* if that machine is gone, .* add --take-over/,
  );
  await writeFile(join(folder, LOCK_FILE), '{"host":');
  await (await lockRunFolder(nodeFiles, folder, noWait, world)).release();
});

test('a lock is seized from a process of another machine in one step; that one notices, and leaves the lock of the other alone', async (t) => {
  const folder = await testFolder(t);
  const [here, there] = ['here', 'there'].map((host) => ({
    self: { host, pid: 7, bornAt: null },
    isAlive: () => true,
  }));
  const older = await lockRunFolder(nodeFiles, folder, noWait, there);
  await older.assertHeld();
  const newer = await seizeRunFolder(nodeFiles, folder, noWait, here);
  assert.deepEqual([older.takenFrom, newer.takenFrom], [null, there!.self]);
  const loss = { code: 'ERR_RUN_TAKEN_OVER', message: /process 7 on here has taken it over/ };
  await assert.rejects(older.assertHeld(), loss);
  const other = new Error('another');
  assert.equal(((await older.lossBehind(other)) as ScaleQuestError).code, 'ERR_RUN_TAKEN_OVER');
  assert.equal(await newer.lossBehind(other), other);
  await older.release();
  await newer.assertHeld();
  await newer.release();
  await assert.rejects(newer.assertHeld(), { code: 'ERR_RUN_TAKEN_OVER', message: /its lock is gone/ });
  assert.deepEqual(await nodeFiles.readdir(folder), []);
});

test('a lock that cannot be read is an error of reading, and tells nothing of its holder; a stale handle is another machine’s new file', async (t) => {
  const folder = await testFolder(t);
  let errno = '';
  const files: Files = {
    ...nodeFiles,
    open: (path, mode) =>
      errno !== '' && mode === 'read'
        ? Promise.reject(fileError('ERR_IO_READ', path, { code: errno }))
        : nodeFiles.open(path, mode),
  };
  const lock = await lockRunFolder(files, folder, noWait);
  errno = 'EIO';
  await assert.rejects(lock.assertHeld(), { code: 'ERR_IO_READ' });
  errno = 'ESTALE';
  await assert.rejects(lock.assertHeld(), { code: 'ERR_RUN_TAKEN_OVER' });
});

test('a process does not seize its own lock; nobody’s and a dead one’s are taken as ever', async (t) => {
  const folder = await testFolder(t);
  const self: LockHolder = { host: 'here', pid: 7, bornAt: null };
  const first = await seizeRunFolder(nodeFiles, folder, noWait, { self, isAlive: () => true });
  assert.equal(first.takenFrom, null);
  await assert.rejects(seizeRunFolder(nodeFiles, folder, noWait, { self, isAlive: () => true }), {
    code: 'ERR_RUN_FOLDER',
  });
  const others = { self: { ...self, pid: 8 }, isAlive: () => false };
  assert.equal((await seizeRunFolder(nodeFiles, folder, noWait, others)).takenFrom, null);
});

test('of several starts at once one gets the lock, whatever lay there and whichever call comes first', async () => {
  const names = (pid: number): LockHolder => ({ host: 'here', pid, bornAt: null });
  const left = { 'no lock': null, 'a dead one': JSON.stringify(names(9)), 'an empty one': '' };
  for (const [what, text] of Object.entries(left)) {
    for (let seed = 0; seed < cases(20, 60); seed++) {
      let draws = 0;
      const turns = async (most: number): Promise<void> => {
        for (let left = deriveSeed(seed, 'turns', draws++) % most; left > 0; left--) await Promise.resolve();
      };
      // Some calls take long, so that others come between a lock and the name in it.
      const files = crashingFiles(
        async () => (await turns(deriveSeed(seed, 'slow', draws) % 4 ? 12 : 150), null),
      );
      await files.mkdir('/run');
      if (text !== null) await (await files.open(join('/run', LOCK_FILE), 'write')).write(Buffer.from(text));
      const starts = [1, 2, 3].map(async (pid) => {
        await turns(120);
        const world = { self: names(pid), isAlive: (other: LockHolder) => other.pid !== 9 };
        // Longer than any of the others needs to write its name.
        return lockRunFolder(files, '/run', () => turns(400).then(() => turns(400)), world);
      });
      const results = await Promise.allSettled(starts);
      const held = results.filter(({ status }) => status === 'fulfilled');
      assert.equal(held.length, 1, `${what}, order ${seed}: ${held.length} hold the lock`);
      assert.deepEqual(await files.readdir('/run'), [LOCK_FILE]);
    }
  }
});
