import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { hostCommand } from '../../helpers/commandHost.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

test('run --metrics tells where the page is, and ends with the run where no monitor reads it', async () => {
  const { file, out } = smallPipeline();
  const { code, stderr } = await hostCommand(['run', file, '--out', out, '--metrics', '0']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^Metrics at http:\/\/127\.0\.0\.1:\d+\/metrics\.$/m);
  assert.doesNotMatch(stderr, /Waiting/);
});

test('a port in use ends the command before the run begins', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { file, out } = smallPipeline();
  const { code, stderr } = await hostCommand(['run', file, '--out', out, '--metrics', `${port}`]);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`port ${port} of 127\\.0\\.0\\.1 taken .*\\[ERR_METRICS_LISTEN\\]`));
  assert.equal(existsSync(out), false);
});

test('--metrics is refused beside --on, and what is no address with what is one', async () => {
  const { file } = smallPipeline();
  const both = await hostCommand(['run', file, '--on', 'http://head:8265', '--metrics', '0']);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /found --metrics or --otlp beside --on/);
  const wrong = await hostCommand(['run', file, '--metrics', 'here']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /expected host:port/);
});
