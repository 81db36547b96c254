import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/clock.js';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { fencedFiles } from '../../../src/io/runFolder/fencedFiles.js';
import { holderOf } from '../../../src/io/runFolder/runLock.js';
import { thisHolder } from '../../../src/store/database/holders.js';
import { takeStoreFrom } from '../../../src/store/database/takeStore.js';
import { openStore } from '../../../src/store/store.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { fillRun, have, keyOf, textOf } from '../storeReplies.js';

const { nowMs, sleep } = systemClock;
const WRITER = fileURLToPath(new URL('../storeWriter.js', import.meta.url));
const noWait = async (): Promise<void> => {};

test('taken from a process that stands still: its durable replies are there, and what it writes later is not', async (t) => {
  const path = join(temporaryFolder(), 'store');
  const writer = spawn(process.execPath, [WRITER, path, 'older', '0', '20000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => writer.kill('SIGKILL'));
  const acked = (text: string): number[] => [...text.matchAll(/^acked (\d+)$/gm)].map(([, n]) => Number(n));
  let said = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (acked(said).length < 1000) await sleep(5);
  // Whether amid a transaction or not.
  writer.kill('SIGSTOP');
  await takeStoreFrom(nodeFiles, path, holderOf(writer.pid!), noWait);
  const store = await openStore(path, 'newer', { files: nodeFiles, nowMs, sleep });
  const before = acked(said);
  assert.ok(before.every((number) => store.get(keyOf(number)) === textOf(number)));
  const ended = once(writer, 'close');
  writer.kill('SIGCONT');
  const own = Array.from({ length: 500 }, (_, at) => 30_000 + at);
  await Promise.all(own.map((number) => store.put(keyOf(number), textOf(number))));
  await ended;
  await store.close();
  assert.ok((await have(path, [...before, ...own])).every((is) => is));
  assert.deepEqual(await have(path, [19_999]), [false]);
  assert.deepEqual(
    readdirSync(path).filter((name) => /tmp$|^open-/.test(name)),
    [],
  );
});

test('one that keeps writing is waited for, and at last refused; the store is as it was', async () => {
  const path = join(temporaryFolder(), 'store');
  const store = await openStore(path, 'older', { files: nodeFiles, nowMs, sleep });
  let number = 0;
  const write = (): Promise<void> => store.put(keyOf(number), textOf(number++));
  await write();
  /** A transaction of the other between the copy and the look. */
  const files = (rounds: number): Files => ({
    ...nodeFiles,
    async open(name, mode) {
      const file = await nodeFiles.open(name, mode);
      return mode === 'write' && rounds-- > 0 ? { ...file, sync: () => file.sync().then(write) } : file;
    },
  });
  const { self } = thisHolder();
  const inode = statSync(join(path, 'data.mdb')).ino;
  await assert.rejects(takeStoreFrom(files(Infinity), path, self, noWait), {
    code: 'ERR_STORE_OPEN',
    message: new RegExp(`process ${self.pid} on .* keeps writing it.*End it`),
  });
  assert.equal(statSync(join(path, 'data.mdb')).ino, inode);
  assert.deepEqual(
    readdirSync(path).filter((name) => name.endsWith('.tmp')),
    [],
  );
  await takeStoreFrom(files(3), path, self, noWait);
  assert.notEqual(statSync(join(path, 'data.mdb')).ino, inode);
  await store.close();
});

test('where the process had no store open, or there is none, nothing happens; where yet another has it open, it is refused', async () => {
  const path = join(temporaryFolder(), 'store');
  const from = { host: 'gone', pid: 5, bornAt: null };
  await takeStoreFrom(nodeFiles, path, from, noWait);
  await fillRun(path, 'run', 0, 3);
  const before = readFileSync(join(path, 'data.mdb'));
  const inode = statSync(join(path, 'data.mdb')).ino;
  await takeStoreFrom(nodeFiles, path, from, noWait);
  assert.equal(statSync(join(path, 'data.mdb')).ino, inode);
  writeFileSync(join(path, 'open-gone-5-0.json'), JSON.stringify({ ...from, bootId: 'x' }));
  writeFileSync(join(path, 'open-gone-6-0.json'), JSON.stringify({ ...from, pid: 6, bootId: 'x' }));
  await assert.rejects(takeStoreFrom(nodeFiles, path, from, noWait), {
    code: 'ERR_STORE_OPEN',
    message: /process 6 on gone has it open/,
  });
  await nodeFiles.unlink(join(path, 'open-gone-6-0.json'));
  writeFileSync(join(path, 'data.mdb.0123abcd.tmp'), 'what a crash has left');
  await takeStoreFrom(nodeFiles, path, from, noWait);
  assert.notEqual(statSync(join(path, 'data.mdb')).ino, inode);
  assert.deepEqual(readFileSync(join(path, 'data.mdb')), before);
  assert.deepEqual(readdirSync(path).sort(), ['data.mdb', 'store.json']);
  assert.deepEqual(await have(path, [0, 1, 2]), [true, true, true]);
});

test('a run that was taken over before it opened the store does not write there', async () => {
  const path = join(temporaryFolder(), 'store');
  mkdirSync(path);
  await fillRun(path, 'run', 0, 3);
  const before = readFileSync(join(path, 'data.mdb'));
  const files = fencedFiles(nodeFiles, 'aaaaaaaa', () => Promise.reject(new Error('lost')));
  await assert.rejects(openStore(path, 'late', { files, nowMs, sleep }), { message: /lost/ });
  assert.deepEqual(readFileSync(join(path, 'data.mdb')), before);
});
