import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { finishedRun } from '../../helpers/runs/finishedRun.js';

test('rejects lists the reasons of a run, as text and as JSON, and takes a step and a reason', async () => {
  const { run } = await finishedRun(0);
  const text = await hostCommand(['rejects', run]);
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^custom +dropped +all +1$/m);
  assert.match(text.stdout, /question: What is 0\?/);
  const json = await hostCommand([
    'rejects',
    run,
    '--json',
    '--step',
    'custom',
    '--reason',
    'all',
    '-n',
    '0',
  ]);
  assert.deepEqual(JSON.parse(json.stdout), [
    { step: 'custom', kind: 'dropped', reason: 'all', rows: 1, examples: [] },
  ]);
  assert.match((await hostCommand(['rejects', run, '--step', 'none'])).stdout, /^No row was lost\.$/m);
});

test('rejects says what is wrong with its arguments', async () => {
  const none = await hostCommand(['rejects', '/nowhere']);
  assert.equal(none.code, EXIT_CODES.io);
  assert.match(none.stderr, /holds no run.*ERR_RUN_FOLDER/);
  const { run } = await finishedRun(0);
  assert.equal((await hostCommand(['rejects', run, '-n', 'many'])).code, EXIT_CODES.usage);
});
