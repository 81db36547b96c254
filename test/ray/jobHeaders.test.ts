import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobHeaders } from '../../src/ray/jobHeaders.js';

test('a token, headers, or both; headers of the user win', () => {
  assert.deepEqual(jobHeaders({}), {});
  assert.deepEqual(jobHeaders({ RAY_AUTH_TOKEN: ' abc\n' }), { authorization: 'Bearer abc' });
  assert.deepEqual(jobHeaders({ RAY_JOB_HEADERS: '{"X-Key": "k"}' }), { 'X-Key': 'k' });
  assert.deepEqual(jobHeaders({ RAY_AUTH_TOKEN: 'abc', RAY_JOB_HEADERS: '{"Authorization": "Basic q"}' }), {
    authorization: 'Basic q',
  });
});

test('what is no header is refused, and not shown', () => {
  for (const env of [
    { RAY_JOB_HEADERS: 'secret-1' },
    { RAY_JOB_HEADERS: '{"a": "secret-1\\r\\nx: y"}' },
    { RAY_JOB_HEADERS: '["secret-1"]' },
    { RAY_AUTH_TOKEN: 'secret-1\nx' },
  ])
    assert.throws(
      () => jobHeaders(env),
      (error: Error & { code: string }) => error.code === 'ERR_USAGE' && !error.message.includes('secret-1'),
    );
});
