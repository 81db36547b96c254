import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCommand, temporaryFolder } from '../helpers/commandLine.js';
import { sendJson, startFaultServer } from '../helpers/servers/faultServer.js';
import { servePages } from '../helpers/servers/pageServer.js';

test('proxies of the environment see no request and no key', async (t) => {
  const seen: string[] = [];
  const proxy = await servePages(t, ({ url }, response) => {
    seen.push(url!);
    response.writeHead(407).end();
  });
  const message = { role: 'assistant', content: 'It is 5.' };
  const server = await startFaultServer((_seen, response) =>
    sendJson(response, 200, { choices: [{ index: 0, message, finish_reason: 'stop' }] }),
  );
  t.after(() => server.stop());
  const folder = temporaryFolder();
  const file = join(folder, 'p.yaml');
  writeFileSync(join(folder, 'in.jsonl'), '{"question":"What is 2 + 3?"}\n');
  writeFileSync(
    file,
    [
      'name: proxied',
      `models: { s: { openai: { replicas: ["${server.url}"], model: m, protocol: chat, apiKeyEnv: KEY } } }`,
      'source: { jsonl: { path: in.jsonl } }',
      'steps: [{ respond: { model: s, n: 1, tokensMax: 64 } }]',
      '',
    ].join('\n'),
  );
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  // What newer versions of Node need, to use them at all.
  const env = [
    ...names.map((name) => `${name}=${proxy}`),
    'NODE_USE_ENV_PROXY=1',
    'KEY=sk-proxied-0123',
  ].join(' ');
  const { result } = startCommand(['run', file, '--out', join(folder, 'out')], folder, `export ${env}`);
  const { code, stderr } = await result;
  assert.equal(code, 0, stderr);
  assert.deepEqual(seen, []);
  assert.equal(server.seen.length, 1);
  assert.equal(server.seen[0]!.headers.authorization, 'Bearer sk-proxied-0123');
});
