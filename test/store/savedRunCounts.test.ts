import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../src/io/files/files.js';
import { openDatabase } from '../../src/store/database/database.js';
import type { RunCounts } from '../../src/store/runCounts.js';
import { readRunCounts, saveRunCounts } from '../../src/store/savedRunCounts.js';
import { temporaryFolder } from '../helpers/commandLine.js';

test('saved counts are read by the run’s name; older ones have no replayed rows, and what is no counts is none', async () => {
  const { database, close } = await openDatabase(nodeFiles, join(temporaryFolder(), 'store'));
  const counts: RunCounts = { startedMs: 7, models: { solver: { hits: 1, misses: 2 } }, replayedRows: 3 };
  await saveRunCounts(database, 'runs/é', counts);
  const { tables } = database;
  assert.deepEqual(readRunCounts(tables, 'runs/é'), counts);
  assert.equal(readRunCounts(tables, 'runs/other'), undefined);
  await tables.runs.put(Buffer.from('older'), Buffer.from('{"startedMs":7,"models":{}}'));
  assert.equal(readRunCounts(tables, 'older')!.replayedRows, 0);
  for (const text of ['{', '{}', '{"startedMs":7,"models":{"solver":{"hits":-1,"misses":0}}}']) {
    await tables.runs.put(Buffer.from('broken'), Buffer.from(text));
    assert.equal(readRunCounts(tables, 'broken'), undefined);
  }
  await close();
});
