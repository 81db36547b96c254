import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askedMs } from '../../../src/backends/server/askedWait.js';

const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

function askedBy(headers: Record<string, string>, inBody?: string): number {
  return askedMs({ status: 429, text: '', header: (name) => headers[name] }, inBody, NOW_MS);
}

describe('askedMs', () => {
  it('takes the exact header before the others, and the header before the body', () => {
    assert.equal(askedBy({ 'retry-after-ms': '1250', 'retry-after': '2' }, '9'), 1250);
    assert.equal(askedBy({ 'retry-after-ms': '12.5' }), 12.5);
    assert.equal(askedBy({ 'retry-after': '2' }, '9'), 2000);
    assert.equal(askedBy({ 'retry-after': 'Sat, 21 Nov 2026 10:00:05 GMT' }), 5000);
    assert.equal(askedBy({}, '9'), 9000);
    assert.equal(askedBy({}), 0);
  });

  it('does not believe what is no time', () => {
    for (const value of ['soon', '-5', '', '1e9', 'Infinity', '9'.repeat(400)])
      assert.equal(askedBy({ 'retry-after-ms': value, 'retry-after': '2' }), 2000, value);
    assert.equal(askedBy({ 'retry-after': '9'.repeat(400) }), Infinity, 'bounded by TryFailure');
  });
});
