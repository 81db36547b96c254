import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { finishedRun } from '../../helpers/runs/finishedRun.js';

test('diff compares two runs as text and as JSON', async () => {
  const [{ run: a }, { run: b }] = [await finishedRun(6), await finishedRun(6, ['target: 2'])];
  const text = await hostCommand(['diff', a, b]);
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^target +\(absent\) +2$/m);
  assert.match(text.stdout, /^kept by both +2 +all of them the same$/m);
  assert.match(text.stdout, /^reward +A +6 +0 /m);
  assert.ok(!text.stdout.includes('\x1b'), 'no colour in a pipe');
  const json = await hostCommand(['diff', a, b, '--json', '-n', '0']);
  const { rows, settings } = JSON.parse(json.stdout);
  assert.equal(rows.keptByBoth, 2);
  assert.deepEqual(settings, [{ path: 'target', a: null, b: '2' }]);
});

test('diff says what is wrong with its arguments', async () => {
  const { run } = await finishedRun(6);
  const none = await hostCommand(['diff', run, '/nowhere']);
  assert.equal(none.code, EXIT_CODES.io);
  assert.match(none.stderr, /\/nowhere holds no run.*ERR_RUN_FOLDER/);
  assert.equal((await hostCommand(['diff', run])).code, EXIT_CODES.usage);
  assert.equal((await hostCommand(['diff', run, run, '-n', 'many'])).code, EXIT_CODES.usage);
});
