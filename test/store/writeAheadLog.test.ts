import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../src/io/files/files.js';
import { type OpenDatabase, openDatabase, transact } from '../../src/store/database/database.js';
import { textAt } from '../../src/store/replies.js';
import { type WriteAheadLog, createWriteAheadLog } from '../../src/store/writeAheadLog.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { repliesOf } from './anyReplies.js';
import { keyOf } from './storeReplies.js';

const SMALL = 'a short reply';
const LARGE = 'a reply that is a block alone '.repeat(3000);

/** Text that hardly packs: of its characters, deflate saves a quarter. */
function noiseOf(seed: number, chars: number): string {
  const hash = (at: number): string => createHash('sha512').update(`${seed} ${at}`).digest('base64url');
  return Array.from({ length: Math.ceil(chars / 86) }, (_, at) => hash(at)).join('');
}

async function opened(): Promise<OpenDatabase & { log: WriteAheadLog }> {
  const { database, close } = await openDatabase(nodeFiles, join(temporaryFolder(), 'store'));
  return { database, close, log: createWriteAheadLog(database, () => 1.7e12) };
}

/** The reply as the store looks it up: in memory, or in its block. */
function found(log: WriteAheadLog, key: string): string | undefined {
  const block = log.blockOf(key);
  return log.get(key) ?? (block && textAt(block, block.keys.lastIndexOf(key)));
}

test('appended replies are found before any checkpoint, and are in no index', async () => {
  const { database, close, log } = await opened();
  assert.equal(log.isEmpty(), true);
  await log.append(
    repliesOf('run', [
      [keyOf(1), SMALL],
      [keyOf(2), 'first'],
      [keyOf(2), 'second'],
    ]),
  );
  await log.append(repliesOf('run', [[keyOf(3), LARGE]]));
  assert.deepEqual(
    [1, 2, 3, 4].map((number) => found(log, keyOf(number))),
    [SMALL, 'second', LARGE, undefined],
  );
  assert.equal(log.get(keyOf(3)), undefined, 'a block is not held in memory');
  assert.deepEqual([database.tables.log.getCount(), database.tables.blocks.getCount()], [2, 1]);
  assert.equal(database.tables.index.getCount(), 0);
  assert.equal(log.isEmpty(), false);
  await close();
});

test('the texts are copied: the buffer that they came in may be used again', async () => {
  const { close, log } = await opened();
  const replies = repliesOf('run', [[keyOf(1), SMALL]]);
  await log.append(replies);
  replies.texts.fill(0);
  assert.equal(log.get(keyOf(1)), SMALL);
  await close();
});

test('a checkpoint empties the log into blocks and index', async () => {
  const { database, close, log } = await opened();
  await log.append(repliesOf('run', [[keyOf(1), SMALL]]));
  await log.append(repliesOf('run', [[keyOf(2), LARGE]]));
  await log.checkpoint();
  const { tables } = database;
  assert.deepEqual([tables.log.getCount(), tables.index.getCount(), tables.blocks.getCount()], [0, 2, 2]);
  assert.deepEqual([log.isEmpty(), found(log, keyOf(1))], [true, undefined]);
  await close();
});

test('another log recovers what was appended and not checkpointed', async () => {
  const { database, close, log } = await opened();
  await log.append(
    repliesOf('run', [
      [keyOf(1), SMALL],
      [keyOf(2), LARGE],
    ]),
  );
  const other = createWriteAheadLog(database, () => 1.7e12);
  assert.equal(found(other, keyOf(1)), undefined);
  await other.recover();
  assert.deepEqual(
    [1, 2].map((number) => found(other, keyOf(number))),
    [SMALL, LARGE],
  );
  await close();
});

test('the log is full by replies or by bytes, and a full one is checkpointed when it is recovered', async () => {
  const { database, close, log } = await opened();
  const many = Array.from({ length: 999 }, (_, number): [string, string] => [keyOf(number), '']);
  await log.append(repliesOf('run', many));
  assert.equal(log.isFull(), false);
  await log.append(repliesOf('run', [[keyOf(999), '']]));
  assert.equal(log.isFull(), true);
  const other = createWriteAheadLog(database, () => 1.7e12);
  await other.recover();
  assert.equal(other.isEmpty(), true);
  assert.equal(database.tables.index.getCount(), 1000);
  // What is a block already is not written again, so it does not count.
  for (const number of [1000, 1001, 1002])
    await other.append(repliesOf('run', [[keyOf(number), noiseOf(number, 720 << 10)]]));
  assert.equal(other.isFull(), false);
  // Too small for a block of its own: 34 of them are a MiB.
  for (let count = 1; count <= 35; count++) {
    await other.append(repliesOf('run', [[keyOf(2000 + count), noiseOf(count, 30 << 10)]]));
    if (count !== 34) assert.equal(other.isFull(), count > 34);
  }
  await close();
});

test('with many keys in the index the log takes more replies before it is full', async () => {
  const { database, close } = await opened();
  const keys = 24_000;
  await transact(database, { keys, valuesBytes: [] }, ({ index }) => {
    for (let number = 0; number < keys; number++)
      void index.put(Buffer.from(keyOf(number), 'latin1'), Buffer.alloc(12));
  });
  const log = createWriteAheadLog(database, () => 1.7e12);
  const many = Array.from({ length: 2999 }, (_, number): [string, string] => [keyOf(keys + number), '']);
  await log.append(repliesOf('run', many));
  assert.equal(log.isFull(), false);
  await log.append(repliesOf('run', [[keyOf(keys + 2999), '']]));
  assert.equal(log.isFull(), true);
  await log.checkpoint();
  assert.equal(database.tables.index.getCount(), keys + 3000);
  assert.equal(log.isFull(), false);
  await close();
});

test('records that another process has pruned are left out of the checkpoint', async () => {
  const { database, close, log } = await opened();
  await log.append(repliesOf('run', [[keyOf(1), SMALL]]));
  const [gone] = [...database.tables.log.getKeys()].map((key) => Buffer.from(key));
  await log.append(repliesOf('run', [[keyOf(2), SMALL]]));
  await database.tables.log.remove(gone!);
  await log.checkpoint();
  const { index } = database.tables;
  assert.deepEqual(
    [1, 2].map((number) => index.doesExist(Buffer.from(keyOf(number), 'latin1'))),
    [false, true],
  );
  await close();
});
