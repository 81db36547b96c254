import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createConnections } from '../../../src/backends/http/connections.js';
import { type StatusClient, openStatusClient } from '../../../src/backends/pool/statusClient.js';
import { systemClock } from '../../../src/clock.js';
import { servePages } from '../../helpers/servers/pageServer.js';

function open(t: TestContext, root: string): StatusClient {
  const connections = createConnections({ origin: root, connectionsMax: 2, clock: systemClock });
  const status = openStatusClient({
    ...{ url: `${root}/v1`, headers: { authorization: 'Bearer k' }, connections },
    ...{ lastAnswer: { atMs: undefined }, clock: systemClock },
  });
  t.after(async () => {
    await status.close();
    await connections.destroy();
  });
  return status;
}

test('reads the load from /metrics beside the API, and the models from the API', async (t) => {
  const asked: string[] = [];
  const root = await servePages(t, ({ url, headers }, response) => {
    asked.push(`${url} ${headers.authorization}`);
    const page = 'vllm:num_requests_running 3\nvllm:num_requests_waiting 1\n';
    response.end(url === '/metrics' ? page : '{"data":[]}');
  });
  const status = open(t, root);
  assert.deepEqual(await status.load(), { running: 3, waiting: 1 });
  assert.deepEqual([await status.isReachable(), await status.isReady()], [true, true]);
  assert.deepEqual(asked, ['/metrics Bearer k', '/v1/models Bearer k', '/v1/models Bearer k']);
});

test('a server that refuses the key is reachable but not ready; one that fails is neither', async (t) => {
  for (const [code, isReachable] of [
    [401, true],
    [404, true],
    [503, false],
  ] as const) {
    const root = await servePages(t, (_request, response) => void response.writeHead(code).end());
    const status = open(t, root);
    assert.deepEqual([await status.isReachable(), await status.isReady()], [isReachable, false], `${code}`);
    assert.equal(await status.load(), null);
  }
});

test('a server that is gone is not reachable, and nothing rejects', async (t) => {
  const status = open(t, 'http://127.0.0.1:9');
  assert.deepEqual(
    [await status.load(), await status.isReachable(), await status.isReady()],
    ['silent', false, false],
  );
});
