import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, wallNowMs } from '../src/clock.js';

test('the wall clock follows the system’s when it is set; the other one never runs backwards', (t) => {
  const before = systemClock.nowMs();
  for (const dayMs of [86_400_000, -86_400_000]) {
    const set = Date.now() + dayMs;
    const { mock } = t.mock.method(Date, 'now', () => set);
    assert.equal(wallNowMs(), set);
    assert.ok(systemClock.nowMs() >= before && systemClock.nowMs() < before + 60_000);
    mock.restore();
  }
});
