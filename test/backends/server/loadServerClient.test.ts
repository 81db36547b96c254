import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadServerClient } from '../../../src/backends/server/loadServerClient.js';

test('the client is loaded once, however often it is asked for', async () => {
  const first = loadServerClient();
  assert.equal(loadServerClient(), first);
  assert.equal(typeof (await first).createServerClient, 'function');
});
