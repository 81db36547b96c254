import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import {
  type StoreDatabase,
  decodeBlock,
  openDatabase,
  readDatabase,
  transact,
} from '../../../src/store/database/database.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { repliesOf } from '../anyReplies.js';

const KEY = Buffer.from('a key');

test('a transaction is durable when it resolves, for one who reads beside; its result is handed on', async () => {
  const path = join(temporaryFolder(), 'store');
  const { database, close } = await openDatabase(nodeFiles, path);
  const result = await transact(database, { keys: 1, valuesBytes: [5] }, ({ runs }) => {
    void runs.put(KEY, Buffer.from('value'));
    return 'done';
  });
  assert.equal(result, 'done');
  const reader = (await readDatabase(nodeFiles, path))!;
  assert.equal(`${reader.database.tables.runs.getBinary(KEY)}`, 'value');
  await reader.close();
  await close();
});

test('a transaction whose space cannot be reserved changes nothing', async () => {
  const path = join(temporaryFolder(), 'store');
  const { database, close } = await openDatabase(nodeFiles, path);
  const full: Files = {
    ...nodeFiles,
    open: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ERR_IO_WRITE' })),
  };
  const writes = { keys: 1, valuesBytes: [64 << 20] };
  const changed = transact({ ...database, files: full }, writes, ({ runs }) => void runs.put(KEY, KEY));
  await assert.rejects(changed, { code: 'ERR_IO_WRITE' });
  assert.equal(database.tables.runs.getBinary(KEY), undefined);
  await close();
});

test('to read only: a folder without a database holds nothing', async () => {
  assert.equal(await readDatabase(nodeFiles, temporaryFolder()), null);
});

test('a block that is missing or damaged is an error that names it', async () => {
  const { database, close } = await openDatabase(nodeFiles, join(temporaryFolder(), 'store'));
  const replies = repliesOf('run', [['k'.repeat(16), 'text']]);
  const block = database.codec.encode(replies);
  assert.deepEqual(decodeBlock(database, KEY, block), replies);
  const damaged = { code: 'ERR_STORE_DAMAGED', message: new RegExp(KEY.toString('hex')) };
  assert.throws(() => decodeBlock(database, KEY, undefined), damaged);
  assert.throws(() => decodeBlock(database, KEY, block.subarray(1)), damaged);
  await close();
});

test('a process that opens a store again and again while it writes: no opening waits for the other for ever', async () => {
  const path = join(temporaryFolder(), 'store');
  const put = ({ database }: { database: StoreDatabase }, key: string): Promise<void> =>
    transact(database, { keys: 1, valuesBytes: [5] }, ({ runs }) => {
      void runs.put(Buffer.from(key), Buffer.from('value'));
    });
  const first = await openDatabase(nodeFiles, path);
  let isOver = false;
  let written = 0;
  const writer = (async () => {
    while (!isOver) await put(first, `first ${written++}`);
  })();
  // Without one opening for both, the second or third of them never returned.
  for (let round = 0; round < 40; round++) {
    const again = await openDatabase(nodeFiles, path);
    await put(again, `again ${round}`);
    const reader = (await readDatabase(nodeFiles, path))!;
    await again.close();
    assert.equal(`${reader.database.tables.runs.getBinary(Buffer.from(`again ${round}`))}`, 'value');
    await reader.close();
  }
  isOver = true;
  await writer;
  await first.close();
  const { database, close } = (await readDatabase(nodeFiles, path))!;
  assert.equal(database.tables.runs.getKeysCount(), written + 40);
  await close();
});
