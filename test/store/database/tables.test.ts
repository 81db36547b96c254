import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { systemClock } from '../../../src/clock.js';
import { openStore } from '../../../src/store/store.js';
import { databaseOptions, openStoreTables, readStoreTables } from '../../../src/store/database/tables.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { keyOf, textOf } from '../storeReplies.js';

/** Each lets a promise resolve before its reply is on the disk, or a kill leave half a page. */
const UNSAFE = ['noSync', 'noMetaSync', 'mapAsync', 'useWritemap', 'noLock', 'overlappingSync'] as const;

test('the database is opened with every flush on', () => {
  const options: Record<string, unknown> = { ...databaseOptions('/store') };
  const on = UNSAFE.filter((name) => options[name]);
  assert.deepEqual(on, []);
  // On by default.
  assert.equal(options['overlappingSync'], false);
});

test('the names of a new store, and of its folder, are flushed once they are there', async () => {
  const path = join(temporaryFolder(), 'deep', 'store');
  const flushed: string[] = [];
  const files: Files = {
    ...nodeFiles,
    async syncFolder(folder) {
      await nodeFiles.syncFolder(folder);
      if (folder !== path) flushed.push(folder);
      else if (existsSync(join(path, 'data.mdb')) && existsSync(join(path, 'lock.mdb'))) flushed.push(path);
    },
  };
  for (const _ of ['new', 'there']) {
    flushed.length = 0;
    await (await openStoreTables(files, path)).close();
    for (const folder of [dirname(path), path])
      assert.ok(flushed.includes(folder), `${folder} was not flushed`);
  }
  assert.ok(existsSync(join(path, 'store.json')));
});

test('a store that a crash cut off while its tables were made reads as an empty one', async () => {
  for (const made of [[], ['fresh'], ['fresh', 'blocks', 'index']]) {
    const path = join(temporaryFolder(), 'store');
    await (await openStoreTables(nodeFiles, path)).close();
    rmSync(join(path, 'data.mdb'));
    const root = open(databaseOptions(path));
    const format = Buffer.from(readFileSync(join(path, 'store.json'), 'utf8').trim());
    await root.put(Buffer.from('format'), format);
    for (const name of made) root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' });
    await root.close();
    assert.equal(await readStoreTables(nodeFiles, path), null, `made: ${made.join(', ') || 'none'}`);
    const { tables, close } = await openStoreTables(nodeFiles, path);
    assert.equal(tables.index.getCount(), 0);
    await close();
  }
});

test('a lock file that cannot be written, beside a data file that can, is named before the database is opened', async () => {
  const path = join(temporaryFolder(), 'store');
  await (await openStoreTables(nodeFiles, path)).close();
  const refused = join(path, 'lock.mdb');
  const files: Files = {
    ...nodeFiles,
    open(name, mode) {
      const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' });
      return name === refused && mode !== 'read' ? Promise.reject(denied) : nodeFiles.open(name, mode);
    },
  };
  await assert.rejects(openStoreTables(files, path), { code: 'ERR_STORE_OPEN' });
});

test('a reply that is acknowledged is there for others', async () => {
  const path = join(temporaryFolder(), 'store');
  const { nowMs, sleep } = systemClock;
  const store = await openStore(path, 'run', { files: nodeFiles, nowMs, sleep });
  const others = await openStoreTables(nodeFiles, path);
  for (let count = 1; count <= 5; count++) {
    await store.put(keyOf(count), textOf(count));
    others.tables.root.resetReadTxn();
    assert.equal(others.tables.log.getCount(), count);
  }
  await others.close();
  await store.close();
});

const hasStrace = spawnSync('strace', ['-V']).status === 0 ? false : 'wants strace';

test('no reply is acknowledged before its bytes are flushed', { skip: hasStrace }, () => {
  const folder = temporaryFolder();
  const log = join(folder, 'calls');
  const writer = fileURLToPath(new URL('../storeWriter.js', import.meta.url));
  const calls = 'trace=openat,pwrite64,pwritev,fdatasync,fsync,write';
  const { stdout } = spawnSync(
    'strace',
    ['-f', '-y', '-e', calls, '-o', log, process.execPath, writer, join(folder, 'store'), 'run', '0', '60'],
    { encoding: 'utf8' },
  );
  assert.match(stdout, /^acked 59$/m);
  assert.ok(acknowledgedIn(readFileSync(log, 'utf8').split('\n')) > 0);
});

/** Goes through what strace saw; throws at an acknowledgement that came before its flush. */
function acknowledgedIn(calls: readonly string[]): number {
  // Handles that flush each write by themselves: LMDB's for the page that tells of a transaction.
  const flushing = new Set<string>();
  let [unflushed, flushes, acked] = [0, 0, 0];
  for (const call of calls) {
    const opened = /openat\(.*data\.mdb.*O_DSYNC.* = (\d+)</.exec(call);
    if (opened) flushing.add(opened[1]!);
    const written = /pwrite(?:64|v)\((\d+)<.*data\.mdb>/.exec(call);
    if (written && !flushing.has(written[1]!)) unflushed += 1;
    if (/f(data)?sync.*\) += 0$/.test(call)) [unflushed, flushes] = [0, flushes + 1];
    if (/write\(1<.*>, "opened/.test(call)) flushes = 0;
    if (!/write\(1<.*>, "acked /.test(call)) continue;
    acked += 1;
    assert.ok(flushes > 0, 'acknowledged before anything was flushed');
    assert.equal(unflushed, 0, `acknowledged with ${unflushed} writes that are not flushed`);
  }
  assert.ok(flushing.size > 0, 'expected a handle that flushes the page that tells of a transaction');
  return acked;
}
