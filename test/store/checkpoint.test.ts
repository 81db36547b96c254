import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { blockKey } from '../../src/store/blockKey.js';
import { type LogRecord, checkpoint } from '../../src/store/checkpoint.js';
import { type StoreDatabase, openDatabase } from '../../src/store/database/database.js';
import { openStore } from '../../src/store/store.js';
import { summarizeStore } from '../../src/store/tools/summarizeStore.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { repliesOf } from './anyReplies.js';
import { have, keyOf, textOf } from './storeReplies.js';

/** Logs the replies of the given numbers as one record. */
async function logged({ tables, codec }: StoreDatabase, run: string, numbers: number[]): Promise<LogRecord> {
  const replies = repliesOf(
    run,
    numbers.map((number) => [keyOf(number), textOf(number)]),
  );
  const record = { ...replies, blockId: blockKey(7), storedBytes: 0 };
  await tables.log.put(record.blockId, codec.encode(replies));
  return record;
}

function blocksIn({ tables, codec }: StoreDatabase): [run: string, keys: readonly string[]][] {
  return [...tables.blocks.getRange()].map(({ value }) => {
    const { run, keys } = codec.decode(value)!;
    return [run, keys];
  });
}

test('adjacent records of one run become one block, which the index leads to; the log is empty', async () => {
  const { database, close } = await openDatabase(nodeFiles, join(temporaryFolder(), 'store'));
  const records: LogRecord[] = [];
  for (const [run, numbers] of [
    ['a', [1, 2]],
    ['a', [3]],
    ['b', [4]],
    ['a', [5]],
  ] as const)
    records.push(await logged(database, run, [...numbers]));
  assert.deepEqual(await checkpoint(database, records, 1 << 16), []);
  const keys = (...numbers: number[]): string[] => numbers.map(keyOf);
  assert.deepEqual(blocksIn(database), [
    ['a', keys(1, 2, 3)],
    ['b', keys(4)],
    ['a', keys(5)],
  ]);
  const { log, index, blocks } = database.tables;
  assert.deepEqual([log.getCount(), index.getCount()], [0, 5]);
  for (const { value } of index.getRange()) assert.ok(blocks.doesExist(value));
  await close();
});

test('a record that is gone from the log is named, and nothing is written', async () => {
  const { database, close } = await openDatabase(nodeFiles, join(temporaryFolder(), 'store'));
  const [first, second] = [await logged(database, 'a', [1]), await logged(database, 'a', [2])];
  const { log, index, blocks } = database.tables;
  await log.remove(first.blockId);
  assert.deepEqual(await checkpoint(database, [first, second], 1 << 16), [first.blockId]);
  assert.deepEqual([log.getCount(), index.getCount(), blocks.getCount()], [1, 0, 0]);
  await close();
});

test('two processes: what one has checkpointed the other does not checkpoint again', async () => {
  const path = join(temporaryFolder(), 'store');
  const { nowMs, sleep } = systemClock;
  const first = await openStore(path, 'first', { files: nodeFiles, nowMs, sleep });
  await Promise.all([1, 2, 3].map((number) => first.put(keyOf(number), textOf(number))));
  // Opens the store, recovers three replies from its log, and checkpoints them with its own.
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
