import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { startCommand } from '../../helpers/commandLine.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { finishedRun } from '../../helpers/runs/finishedRun.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

test('view prints the address of the page, serves it until Ctrl-C, and ends with 0', async () => {
  const { run } = await finishedRun(6);
  const { child, result } = startCommand(['view', run]);
  const [printed] = (await once(child.stdout!, 'data')) as [string];
  const response = await fetch(`${printed.trim()}api/run`);
  assert.equal(((await response.json()) as { kept: number }).kept, 6);
  process.kill(-child.pid!, 'SIGINT');
  assert.equal((await result).code, 0);
});

test('view says what is wrong with its arguments', async () => {
  const none = await hostCommand(['view', '/nowhere']);
  assert.equal(none.code, EXIT_CODES.io);
  assert.match(none.stderr, /holds no run.*ERR_RUN_FOLDER/);
  const { run } = await finishedRun(6);
  assert.equal((await hostCommand(['view', run, '--port', '70000'])).code, EXIT_CODES.usage);
});

test('run --live prints the address, and without a terminal ends with the run', async () => {
  const { file, out } = smallPipeline();
  const { code, stderr } = await startCommand(['run', file, '--out', out, '--live']).result;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^The run is shown at\n {2}http:\/\/127\.0\.0\.1:\d+\/[\w-]{40,}\/$/m);
  const both = await hostCommand(['run', file, '--live', '--on', 'http://127.0.0.1:1']);
  assert.equal(both.code, EXIT_CODES.usage);
});
