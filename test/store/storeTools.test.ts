import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { isStoredReply, storedHeadOf } from '../../src/backends/cache/stored.js';
import { systemClock } from '../../src/clock.js';
import { byCodeUnits, nodeFiles } from '../../src/io/files/files.js';
import { openStore } from '../../src/store/store.js';
import { exportStore, pruneStore, summarizeStore } from '../../src/store/storeTools.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { mountTmpfs, remount } from '../helpers/smallDisk.js';
import { damageBlocks, keyOf, textOf } from './storeReplies.js';

const DAY_MS = 86_400_000;
const MANY = 1500;

/** `count` replies of one run, written `ageMs` ago. */
async function fill(path: string, run: string, first: number, count: number, ageMs = 0): Promise<void> {
  const { sleep } = systemClock;
  const store = await openStore(path, run, { files: nodeFiles, nowMs: () => 1.7e12 - ageMs, sleep });
  const numbers = Array.from({ length: count }, (_, at) => first + at);
  await Promise.all(numbers.map((number) => store.put(keyOf(number), textOf(number))));
  for (const number of numbers) store.count('solver', number % 4 === 0);
  await store.close();
}

async function have(path: string, numbers: readonly number[]): Promise<boolean[]> {
  const { nowMs, sleep } = systemClock;
  const store = await openStore(path, 'reader', { files: nodeFiles, nowMs, sleep });
  const found = numbers.map((number) => store.get(keyOf(number)) === textOf(number));
  await store.close();
  return found;
}

test('summarizeStore: replies, runs and their hit rates', async () => {
  const path = join(temporaryFolder(), 'store');
  await fill(path, 'second', MANY, 100, DAY_MS);
  await fill(path, 'first', 0, MANY, 2 * DAY_MS);
  // The same run again, with replies of its own: its counts go on.
  await fill(path, 'second', MANY, 100);
  const { replies, fileBytes, runs, damagedBlocks } = await summarizeStore(nodeFiles, path);
  assert.deepEqual([replies, damagedBlocks], [MANY + 100, 0]);
  assert.ok(fileBytes > 50_000 && fileBytes < 1200 * MANY);
  assert.deepEqual(runs, [
    {
      ...{ run: 'first', replies: MANY, startedMs: 1.7e12 - 2 * DAY_MS, replayedRows: 0 },
      models: { solver: { hits: MANY / 4, misses: (3 * MANY) / 4 } },
    },
    {
      ...{ run: 'second', replies: 200, startedMs: 1.7e12 - DAY_MS, replayedRows: 0 },
      models: { solver: { hits: 50, misses: 150 } },
    },
  ]);
});

test('pruneStore: by run and by age, those and no others; the space is used again', async () => {
  const path = join(temporaryFolder(), 'store');
  await fill(path, 'old', 0, MANY, 40 * DAY_MS);
  await fill(path, 'new', MANY, MANY);
  await fill(path, 'unwanted', 2 * MANY, MANY);
  const ends = [0, MANY - 1, MANY, 2 * MANY - 1, 2 * MANY, 3 * MANY - 1];
  const removedByRun = await pruneStore(nodeFiles, path, { run: 'unwanted' });
  assert.equal(removedByRun.replies, MANY);
  assert.deepEqual(await have(path, ends), [true, true, true, true, false, false]);
  const removedByAge = await pruneStore(nodeFiles, path, { beforeMs: 1.7e12 - 30 * DAY_MS });
  assert.equal(removedByAge.replies, MANY);
  assert.deepEqual(await have(path, ends), [false, false, true, true, false, false]);
  const { replies, runs, freeBytes, fileBytes } = await summarizeStore(nodeFiles, path);
  assert.equal(replies, MANY);
  assert.ok(!runs.some(({ run }) => run === 'unwanted'));
  assert.ok(freeBytes > 0);
  for (let round = 0; round < 5; round++) {
    await fill(path, 'again', 0, MANY);
    await pruneStore(nodeFiles, path, { run: 'again' });
  }
  const after = await summarizeStore(nodeFiles, path);
  assert.ok(after.fileBytes < 2 * fileBytes, `${after.fileBytes} after ${fileBytes}`);
});

test('pruneStore by age: of a run whose clock was set meanwhile, each reply has the age of its own time', async () => {
  const path = join(temporaryFolder(), 'store');
  let now = 1.7e12;
  const { sleep } = systemClock;
  const store = await openStore(path, 'run', { files: nodeFiles, nowMs: () => now, sleep });
  const at = [0, 40 * DAY_MS, -2 * DAY_MS, 3 * DAY_MS];
  for (const [number, ms] of at.entries()) {
    now = 1.7e12 + ms;
    // Of their own block each.
    await Promise.all(
      Array.from({ length: 200 }, (_, each) => store.put(keyOf(number * 200 + each), textOf(each))),
    );
  }
  await store.close();
  assert.equal((await pruneStore(nodeFiles, path, { beforeMs: 1.7e12 + DAY_MS })).replies, 400);
  const kept = await openStore(path, 'reader', { files: nodeFiles, nowMs: () => now, sleep });
  assert.deepEqual(
    at.map((_, number) => kept.get(keyOf(number * 200)) !== undefined),
    [false, true, false, true],
  );
  await kept.close();
});

test('pruneStore: of a key that was asked anew, the later reply stays', async () => {
  const path = join(temporaryFolder(), 'store');
  await fill(path, 'old', 0, 50, DAY_MS);
  await fill(path, 'new', 0, 50);
  assert.deepEqual(await pruneStore(nodeFiles, path, { run: 'old' }), { blocks: 1, replies: 0 });
  assert.deepEqual(await have(path, [0, 49]), [true, true]);
});

test('pruneStore: what is damaged goes, its replies can be asked again, the rest stays', async () => {
  const path = join(temporaryFolder(), 'store');
  await fill(path, 'damaged', 0, MANY);
  await fill(path, 'whole', MANY, MANY);
  damageBlocks(join(path, 'data.mdb'), 'damaged');
  const { damagedBlocks } = await summarizeStore(nodeFiles, path);
  assert.ok(damagedBlocks > 0);
  await assert.rejects(exportStore(nodeFiles, path, join(path, '..', 'x.parquet'), storedHeadOf), {
    code: 'ERR_STORE_DAMAGED',
  });
  await pruneStore(nodeFiles, path, { damaged: true, isReply: isStoredReply });
  assert.equal((await summarizeStore(nodeFiles, path)).damagedBlocks, 0);
  assert.deepEqual(await have(path, [0, MANY - 1, MANY, 2 * MANY - 1]), [false, false, true, true]);
});

test('exportStore: every reply, as a Parquet file', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'store');
  const target = join(folder, 'replies.parquet');
  await fill(path, 'run', 0, MANY);
  assert.deepEqual(await exportStore(nodeFiles, path, target, storedHeadOf), { replies: MANY });
  const bytes = readFileSync(target);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const rows = await parquetReadObjects({ file, compressors });
  assert.deepEqual(
    rows.map(({ reply }) => reply as string).sort(),
    Array.from({ length: MANY }, (_, n) => textOf(n)).sort(),
  );
  assert.deepEqual(
    { ...rows[0], key: 'k', reply: 'r' },
    {
      ...{ key: 'k', run: 'run', time: new Date(1.7e12).toISOString(), kind: 'complete', model: 'solver' },
      ...{ tokens: 7, reply: 'r' },
    },
  );
});

test('two processes: what one has packed the other does not pack again', async () => {
  const path = join(temporaryFolder(), 'store');
  const { nowMs, sleep } = systemClock;
  const first = await openStore(path, 'first', { files: nodeFiles, nowMs, sleep });
  await Promise.all([1, 2, 3].map((number) => first.put(keyOf(number), textOf(number))));
  // Opens the store, finds three replies that nobody has packed, and packs them with its own.
  const writer = fileURLToPath(new URL('./storeWriter.js', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [writer, path, 'second', '4', '1'], { encoding: 'utf8' });
  assert.match(stdout, /^acked 4$/m);
  await Promise.all([5, 6].map((number) => first.put(keyOf(number), textOf(number))));
  await first.close();
  const { replies, runs } = await summarizeStore(nodeFiles, path);
  const own = runs.map((run) => [run.run, run.replies] as const).sort(([a], [b]) => byCodeUnits(a, b));
  assert.deepEqual(
    [replies, own],
    [
      6,
      [
        ['first', 5],
        ['second', 1],
      ],
    ],
  );
  assert.deepEqual(await have(path, [1, 2, 3, 4, 5, 6]), Array(6).fill(true));
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

test('pruneStore beside a run that is going on: what it removed does not come back', async () => {
  const path = join(temporaryFolder(), 'store');
  const { nowMs, sleep } = systemClock;
  const run = await openStore(path, 'run', { files: nodeFiles, nowMs, sleep });
  await Promise.all([1, 2, 3].map((number) => run.put(keyOf(number), textOf(number))));
  assert.equal((await pruneStore(nodeFiles, path, { run: 'run' }).catch(assert.fail)).replies, 3);
  await run.put(keyOf(4), textOf(4));
  await run.close();
  assert.deepEqual(await have(path, [1, 2, 3, 4]), [false, false, false, true]);
});

test('pruneStore: a run is named, by its end too, and one that is not there is refused with those that are', async () => {
  const path = join(temporaryFolder(), 'store');
  await fill(path, 'a/run', 0, 5);
  await fill(path, 'b/run', 5, 5);
  await fill(path, 'c/other', 10, 5);
  for (const run of ['nosuch', 'run', 'un']) {
    await assert.rejects(pruneStore(nodeFiles, path, { run }), {
      code: 'ERR_USAGE',
      message: /expected one of: a\/run, b\/run, c\/other/,
    });
  }
  assert.equal((await pruneStore(nodeFiles, path, { run: 'other' })).replies, 5);
  assert.equal((await pruneStore(nodeFiles, path, { run: 'a/run' })).replies, 5);
  assert.deepEqual(await have(path, [0, 5, 10]), [false, true, false]);
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
  await fill(path, 'run', 0, MANY);
  remount(disk, 'ro');
  assert.equal((await summarizeStore(nodeFiles, path)).replies, MANY);
  const target = join(temporaryFolder(), 'replies.parquet');
  assert.deepEqual(await exportStore(nodeFiles, path, target, storedHeadOf), { replies: MANY });
  await assert.rejects(pruneStore(nodeFiles, path, { run: 'run' }), {
    code: 'ERR_STORE_OPEN',
    message: /\(EROFS\): the file system is read-only/,
  });
});
