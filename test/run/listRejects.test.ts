import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listRejects } from '../../src/run/listRejects.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';
import { temporaryFolder } from '../helpers/commandLine.js';

test('reasons are counted, with so many examples as are asked for, the commonest first', async () => {
  const { run } = await finishedRun(6, ['target: 2']);
  assert.deepEqual(await listRejects(run), []);
  const { run: all } = await finishedRun(0);
  const [group, ...more] = await listRejects(all, { examples: 0 });
  assert.deepEqual(more, []);
  assert.deepEqual(group, { step: 'custom', kind: 'dropped', reason: 'all', rows: 1, examples: [] });
  const [example] = (await listRejects(all))[0]!.examples;
  assert.deepEqual(example, { seq: 0, seqIndex: 0, message: '', question: 'What is 0?', reply: null });
  assert.deepEqual(await listRejects(all, { step: 'other' }), []);
  assert.deepEqual(await listRejects(all, { reason: 'other' }), []);
  assert.equal((await listRejects(all, { step: 'custom', reason: 'all' })).length, 1);
});

test('a folder without a run is an error that says so', async () => {
  await assert.rejects(listRejects(temporaryFolder()), { code: 'ERR_RUN_FOLDER', message: /holds no run/ });
});
