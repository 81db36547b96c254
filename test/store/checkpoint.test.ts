import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { openStore } from '../../src/store/store.js';
import { summarizeStore } from '../../src/store/tools/summarizeStore.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { have, keyOf, textOf } from './storeReplies.js';

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
  const own = runs.map((run) => [run.run, run.replies]).sort();
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
