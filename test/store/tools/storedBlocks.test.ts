import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openDatabase } from '../../../src/store/database/database.js';
import { storedBlocks } from '../../../src/store/tools/storedBlocks.js';
import { createWriteAheadLog } from '../../../src/store/writeAheadLog.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { repliesOf } from '../anyReplies.js';
import { keyOf } from '../storeReplies.js';

test('each block comes once: indexed ones, one that the log only names, logged replies; a damaged one has no head', async () => {
  const { database, close } = await openDatabase(nodeFiles, join(temporaryFolder(), 'store'));
  const log = createWriteAheadLog(database, () => 1.7e12);
  await log.append(repliesOf('indexed', [[keyOf(1), 'text']]));
  await log.checkpoint();
  await log.append(repliesOf('large', [[keyOf(2), 'long '.repeat(20_000)]]));
  await log.append(repliesOf('logged', [[keyOf(3), 'text']]));
  const { tables } = database;
  const [damagedId] = [...tables.blocks.getKeys({ limit: 1 })].map((key) => Buffer.from(key));
  const found = () =>
    [...storedBlocks(database)].map(({ table, replies }) => [
      table === tables.log ? 'log' : 'blocks',
      replies?.run,
      replies?.keys.length,
    ]);
  assert.deepEqual(found(), [
    ['blocks', 'indexed', 1],
    ['blocks', 'large', 1],
    ['log', 'logged', 1],
  ]);
  await tables.blocks.put(damagedId!, Buffer.from('not a block'));
  assert.deepEqual(found()[0], ['blocks', undefined, undefined]);
  await close();
});
