import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bosFault } from '../../../src/backends/templates/bosFault.js';
import { type ModelConfig, modelSchema } from '../../../src/backends/registry.js';
import { type FaultServer, sendJson, startFaultServer } from '../../helpers/servers/faultServer.js';

/** A server that counts as many tokens for the marker and a letter. */
function counting(promptTokens: number): Promise<FaultServer> {
  return startFaultServer(({ path }, response) => {
    if (path !== '/v1/completions') return sendJson(response, 404, { detail: 'Not Found' });
    sendJson(response, 200, { choices: [], usage: { prompt_tokens: promptTokens } });
  });
}

const deps = { env: { BOS_KEY: 'sk-0123456789' }, folder: '.' };

function over(servers: readonly FaultServer[], template: string, more: object = {}): ModelConfig {
  const replicas = servers.map(({ url }) => url);
  return modelSchema.parse({ openai: { replicas, model: 'm', apiKeyEnv: 'BOS_KEY', ...more }, template });
}

test('every replica is asked, with the key, and the one that doubles the marker is named', async (t) => {
  const servers = [await counting(2), await counting(3)];
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  const fault = await bosFault('solver', over(servers, 'deepseek-math'), deps, true);
  assert.equal(fault?.code, 'ERR_MODEL_TEMPLATE');
  assert.match(fault.message, new RegExp(`model solver \\(m at ${servers[1]!.url}\\).*begin▁of▁sentence`));
  assert.equal(servers[0]!.seen.at(-1)!.headers.authorization, 'Bearer sk-0123456789');
  assert.equal(await bosFault('solver', over([servers[0]!], 'deepseek-math'), deps, true), null);
});

test('a model whose template has no such marker, or that speaks chat, costs no request', async (t) => {
  const server = await counting(3);
  t.after(() => server.stop());
  assert.equal(await bosFault('solver', over([server], 'qwen2-math'), deps, true), null);
  assert.equal(await bosFault('solver', over([server], 'deepseek-math', { protocol: 'chat' }), deps), null);
  assert.deepEqual(server.seen, []);
});
