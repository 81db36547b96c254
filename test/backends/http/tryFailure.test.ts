import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TryFailure, retryAfterMs } from '../../../src/backends/http/tryFailure.js';

describe('TryFailure', () => {
  it('takes no longer a wait from a server than a minute', () => {
    assert.equal(new TryFailure('busy', 'm', { retryAfterMs: 3_600_000 }).retryAfterMs, 60_000);
    assert.equal(new TryFailure('busy', 'm').retryAfterMs, 0);
  });

  it('keeps what it says when another replica would take the call', () => {
    const cause = new Error('deep');
    const failure = new TryFailure('server', 'm failed', { retryAfterMs: 9, cause });
    const { kind, message, retryAfterMs: waitMs, cause: kept, canFailOver } = failure.withFailover();
    assert.deepEqual([kind, message, waitMs, kept, canFailOver], ['server', 'm failed', 9, cause, true]);
    assert.equal(failure.canFailOver, false);
  });
});

describe('retryAfterMs', () => {
  it('reads seconds and dates', () => {
    const nowMs = Date.parse('2026-11-21T10:00:00Z');
    assert.equal(retryAfterMs('3', nowMs), 3000);
    assert.equal(retryAfterMs('0.5', nowMs), 500);
    assert.equal(retryAfterMs('Sat, 21 Nov 2026 10:00:05 GMT', nowMs), 5000);
    assert.equal(retryAfterMs('Sat, 21 Nov 2026 09:00:05 GMT', nowMs), 0);
    assert.equal(retryAfterMs('soon', nowMs), 0);
    assert.equal(retryAfterMs(undefined, nowMs), 0);
  });
});
