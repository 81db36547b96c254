import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { storedHeadOf } from '../../../src/backends/cache/stored.js';
import { systemClock } from '../../../src/clock.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openStore } from '../../../src/store/store.js';
import { exportStore } from '../../../src/store/tools/exportStore.js';
import { pruneStore } from '../../../src/store/tools/pruneStore.js';
import { summarizeStore } from '../../../src/store/tools/summarizeStore.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { mountTmpfs, remount } from '../../helpers/files/smallDisk.js';
import { DAY_MS, NOW_MS, fillRun, have, keyOf, textOf } from '../storeReplies.js';

const MANY = 1500;

test('summarizeStore: replies, runs and their hit rates', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'second', MANY, 100, DAY_MS);
  await fillRun(path, 'first', 0, MANY, 2 * DAY_MS);
  // The same run again, with replies of its own: its counts go on.
  await fillRun(path, 'second', MANY, 100);
  const { replies, fileBytes, runs, damagedBlocks } = await summarizeStore(nodeFiles, path);
  assert.deepEqual([replies, damagedBlocks], [MANY + 100, 0]);
  assert.ok(fileBytes > 50_000 && fileBytes < 1200 * MANY);
  assert.deepEqual(runs, [
    {
      ...{ run: 'first', replies: MANY, startedMs: NOW_MS - 2 * DAY_MS, replayedRows: 0 },
      models: { solver: { hits: MANY / 4, misses: (3 * MANY) / 4 } },
    },
    {
      ...{ run: 'second', replies: 200, startedMs: NOW_MS - DAY_MS, replayedRows: 0 },
      models: { solver: { hits: 50, misses: 150 } },
    },
  ]);
});

test('blocks that are in no index yet are counted once, exported and pruned beside the run, which does not bring them back', async () => {
  const path = join(temporaryFolder(), 'store');
  const { nowMs, sleep } = systemClock;
  const run = await openStore(path, 'run', { files: nodeFiles, nowMs, sleep });
  const numbers = Array.from({ length: 200 }, (_, number) => number);
  await Promise.all(numbers.map((number) => run.put(keyOf(number), textOf(number))));
  const { replies, runs, damagedBlocks } = await summarizeStore(nodeFiles, path);
  assert.deepEqual([replies, runs.map((each) => each.replies), damagedBlocks], [200, [200], 0]);
  const target = join(temporaryFolder(), 'replies.parquet');
  assert.deepEqual(await exportStore(nodeFiles, path, target, storedHeadOf), { replies: 200 });
  assert.equal((await pruneStore(nodeFiles, path, { run: 'run' })).replies, 200);
  assert.equal(run.get(keyOf(1)), undefined);
  await run.put(keyOf(1), 'asked again');
  await run.close();
  assert.deepEqual(await have(path, [0, 199]), [false, false]);
  assert.equal((await summarizeStore(nodeFiles, path)).replies, 1);
});

test('a store that was begun and holds nothing is shown as empty, and nothing is made', async () => {
  const path = temporaryFolder();
  assert.equal((await summarizeStore(nodeFiles, path)).replies, 0);
  assert.deepEqual(readdirSync(path), []);
});

test('a store on a read-only file system is shown and exported', async (t) => {
  const disk = mountTmpfs(t, 'size=8m');
  if (disk === null) return t.skip('mounting a file system wants root');
  const path = join(disk, 'store');
  await fillRun(path, 'run', 0, MANY);
  remount(disk, 'ro');
  assert.equal((await summarizeStore(nodeFiles, path)).replies, MANY);
  const target = join(temporaryFolder(), 'replies.parquet');
  assert.deepEqual(await exportStore(nodeFiles, path, target, storedHeadOf), { replies: MANY });
  await assert.rejects(pruneStore(nodeFiles, path, { run: 'run' }), {
    code: 'ERR_STORE_OPEN',
    message: /\(EROFS\): the file system is read-only/,
  });
});
