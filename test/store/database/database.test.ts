import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { decodeBlock, openDatabase, readDatabase, transact } from '../../../src/store/database/database.js';
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
