import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScaleQuestError } from '../../../src/errors.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { StoreDatabase } from '../../../src/store/database/database.js';
import { useToRead, useToWrite } from '../../../src/store/tools/useDatabase.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const KEY = Buffer.from('a key');

function isClosed({ tables }: StoreDatabase): boolean {
  try {
    tables.root.getStats();
    return false;
  } catch {
    return true;
  }
}

test('to write makes the store, to read does not; both close it, also after an error', async () => {
  const path = join(temporaryFolder(), 'store');
  await assert.rejects(
    useToRead(nodeFiles, path, 'empty', async () => 'used'),
    { code: 'ERR_STORE_OPEN' },
  );
  const used: StoreDatabase[] = [];
  await useToWrite(nodeFiles, path, async (database) => {
    used.push(database);
    await database.tables.runs.put(KEY, KEY);
  });
  const read = await useToRead(nodeFiles, path, 'empty', async (database) => {
    used.push(database);
    return `${database.tables.runs.getBinary(KEY)}`;
  });
  assert.equal(read, 'a key');
  await assert.rejects(
    useToRead(nodeFiles, path, 'empty', async (database) => {
      used.push(database);
      throw new Error('mine');
    }),
    /mine/,
  );
  assert.deepEqual(used.map(isClosed), [true, true, true]);
  assert.ok(!readdirSync(path).some((name) => name.startsWith('open-')), 'no holder is left');
});

test('a folder that holds no store yet reads as empty', async () => {
  assert.equal(await useToRead(nodeFiles, temporaryFolder(), 'empty', async () => 'used'), 'empty');
});

test('what fails while it writes is ERR_STORE_WRITE, but a wrong use stays one', async () => {
  const path = join(temporaryFolder(), 'store');
  const failing = (error: Error) => useToWrite(nodeFiles, path, () => Promise.reject(error));
  await assert.rejects(failing(new Error('broken')), { code: 'ERR_STORE_WRITE', message: /broken/ });
  await assert.rejects(failing(new ScaleQuestError('ERR_USAGE', 'which run?')), { code: 'ERR_USAGE' });
});
