import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openStore } from '../../../src/store/store.js';
import { readReplies } from '../../../src/store/tools/readReplies.js';
import { hashesOf, temporaryFolder } from '../../helpers/commandLine.js';
import { fillRun, keyOf, textOf } from '../storeReplies.js';

test('replies are read from blocks and from the log of a run that goes on; nothing is written', async () => {
  const path = join(temporaryFolder(), 'store');
  await fillRun(path, 'old', 0, 1500);
  const { nowMs, sleep } = systemClock;
  const run = await openStore(path, 'run', { files: nodeFiles, nowMs, sleep });
  await run.put(keyOf(2000), textOf(2000));
  const before = hashesOf(path);
  const replies = await readReplies(nodeFiles, path);
  for (const number of [0, 700, 1499, 2000, 0]) assert.equal(replies.get(keyOf(number)), textOf(number));
  assert.equal(replies.get(keyOf(3000)), undefined);
  await replies.close();
  // LMDB notes its readers in the lock file.
  const files = Object.keys(before).filter((name) => name !== 'lock.mdb');
  const after = hashesOf(path);
  for (const name of files) assert.equal(after[name], before[name], name);
  await run.close();
});

test('a store that is not there is said, and not made', async () => {
  const folder = temporaryFolder();
  await assert.rejects(readReplies(nodeFiles, join(folder, 'none')), {
    code: 'ERR_STORE_OPEN',
    message: /there is no store of replies at .*none/,
  });
  assert.deepEqual(hashesOf(folder), {});
});
