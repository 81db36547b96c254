import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isStoredReply, storedHeadOf } from '../../../src/backends/cache/stored.js';
import { systemClock } from '../../../src/clock.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openDatabase, transact } from '../../../src/store/database/database.js';
import { PRUNE_WRITE, countPrune } from '../../../src/store/stepResults.js';
import { openStore } from '../../../src/store/store.js';
import { exportStore } from '../../../src/store/tools/exportStore.js';
import { pruneStore } from '../../../src/store/tools/pruneStore.js';
import { summarizeStore } from '../../../src/store/tools/summarizeStore.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { DAY_MS, NOW_MS, damageBlocks, fillRun, have, keyOf, textOf } from '../storeReplies.js';

const MANY = 1500;

test('pruneStore: by run and by age, those and no others; the space is used again', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'old', 0, MANY, 40 * DAY_MS);
  await fillRun(path, 'new', MANY, MANY);
  await fillRun(path, 'unwanted', 2 * MANY, MANY);
  const ends = [0, MANY - 1, MANY, 2 * MANY - 1, 2 * MANY, 3 * MANY - 1];
  const removedByRun = await pruneStore(nodeFiles, path, { run: 'unwanted' });
  assert.equal(removedByRun.replies, MANY);
  assert.deepEqual(await have(path, ends), [true, true, true, true, false, false]);
  const removedByAge = await pruneStore(nodeFiles, path, { beforeMs: NOW_MS - 30 * DAY_MS });
  assert.equal(removedByAge.replies, MANY);
  assert.deepEqual(await have(path, ends), [false, false, true, true, false, false]);
  const { replies, runs, freeBytes, fileBytes } = await summarizeStore(nodeFiles, path);
  assert.equal(replies, MANY);
  assert.ok(!runs.some(({ run }) => run === 'unwanted'));
  assert.ok(freeBytes > 0);
  for (let round = 0; round < 5; round++) {
    await fillRun(path, 'again', 0, MANY);
    await pruneStore(nodeFiles, path, { run: 'again' });
  }
  const after = await summarizeStore(nodeFiles, path);
  assert.ok(after.fileBytes < 2 * fileBytes, `${after.fileBytes} after ${fileBytes}`);
});

test('pruneStore by age: of a run whose clock was set meanwhile, each reply has the age of its own time', async () => {
  const path = join(temporaryFolder(), 'store');
  let now = NOW_MS;
  const { sleep } = systemClock;
  const store = await openStore(path, 'run', { files: nodeFiles, nowMs: () => now, sleep });
  const at = [0, 40 * DAY_MS, -2 * DAY_MS, 3 * DAY_MS];
  for (const [number, ms] of at.entries()) {
    now = NOW_MS + ms;
    // Enough for a block of their own.
    await Promise.all(
      Array.from({ length: 200 }, (_, each) => store.put(keyOf(number * 200 + each), textOf(each))),
    );
  }
  await store.close();
  assert.equal((await pruneStore(nodeFiles, path, { beforeMs: NOW_MS + DAY_MS })).replies, 400);
  const kept = await openStore(path, 'reader', { files: nodeFiles, nowMs: () => now, sleep });
  assert.deepEqual(
    at.map((_, number) => kept.get(keyOf(number * 200)) !== undefined),
    [false, true, false, true],
  );
  await kept.close();
});

test('pruneStore: of a key that was asked anew, the later reply stays', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'old', 0, 50, DAY_MS);
  await fillRun(path, 'new', 0, 50);
  assert.deepEqual(await pruneStore(nodeFiles, path, { run: 'old' }), { blocks: 1, replies: 0 });
  assert.deepEqual(await have(path, [0, 49]), [true, true]);
});

test('pruneStore: what is damaged goes, its replies can be asked again, the rest stays', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'damaged', 0, MANY);
  await fillRun(path, 'whole', MANY, MANY);
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

/** Removes all replies, in a process of its own as a user does. */
async function pruneElsewhere(path: string): Promise<number> {
  const { code, stdout, stderr } = await hostCommand(['store', path, '--prune-older-than', '0m']);
  assert.equal(code, 0, stderr);
  return Number(/^(\d+) replies removed/.exec(stdout)![1]);
}

test('pruneStore beside a run that checkpoints its log meanwhile: all of it goes, in whichever table it is by then', async () => {
  const path = join(temporaryFolder(), 'store');
  const run = await openHere(path, 'run');
  const numbers = Array.from({ length: 2500 }, (_, number) => number);
  const prunes = [await pruneElsewhere(path)];
  // The log is checkpointed at a thousand replies: the prune meets it before, amid and after.
  const puts = numbers.map(async (number) => {
    await systemClock.sleep(number / 5);
    return run.put(keyOf(number), textOf(number));
  });
  for (let round = 0; round < 6; round++) prunes.push(await pruneElsewhere(path));
  await Promise.all(puts);
  await run.close();
  await systemClock.sleep(5);
  prunes.push(await pruneElsewhere(path));
  assert.equal(
    prunes.reduce((sum, replies) => sum + replies, 0),
    numbers.length,
    prunes.join(),
  );
  const { replies, damagedBlocks } = await summarizeStore(nodeFiles, path);
  assert.deepEqual([replies, damagedBlocks], [0, 0]);
  assert.ok((await have(path, [0, 1, 1000, 2499])).every((found) => !found));
});

test('pruneStore: a run is named, by its end too, and one that is not there is refused with those that are', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'a/run', 0, 5);
  await fillRun(path, 'b/run', 5, 5);
  await fillRun(path, 'c/other', 10, 5);
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

const FINGERPRINT = '0123456789abcdef01234567';

function openHere(path: string, run: string) {
  const { nowMs, sleep } = systemClock;
  return openStore(path, run, { files: nodeFiles, nowMs, sleep });
}

test('pruneStore beside a run: no step result is found or left that was made of replies that are gone', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'old', 0, 50, DAY_MS);
  const run = await openHere(path, 'run');
  const put = (lo: number): Promise<void> =>
    run.stepResults.put(lo, [{ fingerprint: FINGERPRINT, bytes: Buffer.from(run.get(keyOf(0))!) }]);
  await put(0);
  assert.ok(run.stepResults.get(FINGERPRINT, 0));
  assert.equal((await pruneStore(nodeFiles, path, { run: 'old' })).replies, 50);
  // The run still holds the reply that is gone.
  assert.ok(run.get(keyOf(0)) !== undefined);
  await put(512);
  assert.equal(run.stepResults.get(FINGERPRINT, 0), undefined);
  await run.close();
  assert.equal((await summarizeStore(nodeFiles, path)).stepResultBytes, 0);
  const next = await openHere(path, 'next');
  assert.equal(next.stepResults.get(FINGERPRINT, 512), undefined);
  await next.stepResults.put(512, [{ fingerprint: FINGERPRINT, bytes: Buffer.from('anew') }]);
  await next.close();
  const last = await openHere(path, 'last');
  assert.equal(
    last.stepResults.get(FINGERPRINT, 512)?.toString(),
    'anew',
    'what is made of the replies that stay',
  );
  await last.close();
});

test('a prune that is killed amid its work: no step result from before is found, though it is in the file', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'old', 0, 50);
  const run = await openHere(path, 'run');
  await run.stepResults.put(0, [{ fingerprint: FINGERPRINT, bytes: Buffer.from(run.get(keyOf(0))!) }]);
  await run.close();
  const { database, close } = await openDatabase(nodeFiles, path);
  await transact(database, PRUNE_WRITE, countPrune);
  await close();
  assert.ok((await summarizeStore(nodeFiles, path)).stepResultBytes > 0);
  const next = await openHere(path, 'next');
  assert.equal(next.stepResults.get(FINGERPRINT, 0), undefined);
  await next.close();
});
