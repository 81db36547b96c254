import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, askedBy, isRefusal } from '../../src/view/access.js';

const TOKEN = 'abc-DEF_123';
const OWN = { host: '127.0.0.1:8000' };

function ask(url: string, headers: Record<string, string> = OWN, method = 'GET') {
  return askedBy({ url, method, headers }, TOKEN, 8000);
}

function statusOf(...of: Parameters<typeof ask>): number | null {
  const asked = ask(...of);
  return isRefusal(asked) ? asked.status : null;
}

test('the token stands in the path, and what is asked for behind it', () => {
  const { method, path, query } = ask(`/${TOKEN}/api/row?seq=7`) as Asked;
  assert.deepEqual([method, path, query.get('seq')], ['GET', 'api/row', '7']);
  assert.equal((ask(`/${TOKEN}/`) as Asked).path, '');
  assert.equal((ask(`/${TOKEN}/files/a%20b`) as Asked).path, 'files/a b');
  for (const url of ['/', '/api/run', `/${TOKEN}x/`, `/x${TOKEN}/`, `/?token=${TOKEN}`, `//${TOKEN}/`, ''])
    assert.equal(statusOf(url), 403, url);
  assert.equal(statusOf(`/${TOKEN}/%E0%A4%A`), 400);
});

test('names that other sites let point here, and pages of other sites, are refused', () => {
  const url = `/${TOKEN}/api/run`;
  assert.equal(statusOf(url, { host: 'localhost:8000' }), null);
  for (const host of ['evil.example:8000', '127.0.0.1:8001', '127.0.0.1', '127.0.0.1.evil.example:8000'])
    assert.equal(statusOf(url, { host }), 403, host);
  assert.equal(statusOf(url, {}), 403);
  assert.equal(statusOf(url, { ...OWN, origin: 'http://127.0.0.1:8000' }), null);
  for (const origin of ['http://evil.example', 'null', 'https://127.0.0.1:8000', 'http://127.0.0.1:80'])
    assert.equal(statusOf(url, { ...OWN, origin }), 403, origin);
});

test('what changes something must name its origin; other methods are refused', () => {
  const url = `/${TOKEN}/control/stop`;
  assert.equal(statusOf(url, OWN, 'POST'), 403);
  assert.equal(statusOf(url, { ...OWN, origin: 'http://localhost:8000' }, 'POST'), null);
  assert.equal(statusOf(url, OWN, 'DELETE'), 405);
});
