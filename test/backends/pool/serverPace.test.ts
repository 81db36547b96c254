import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RateLeft, createServerPace } from '../../../src/backends/pool/serverPace.js';

const requests = (remaining: number, resetMs: number): RateLeft => ({ of: 'requests', remaining, resetMs });

/** A service whose replies say what is left, and one caller that asks as soon as it may. How many it asks in a time. */
function askFor(ms: number, takes: (nowMs: number) => RateLeft | null): { asked: number; refused: number } {
  const pace = createServerPace();
  let [nowMs, asked, refused] = [0, 0, 0];
  while (nowMs < ms) {
    const number = pace.sent(nowMs);
    const left = takes(nowMs);
    if (left) asked += 1;
    else refused += 1;
    if (left) pace.observe([left], number, nowMs);
    nowMs = Math.max(nowMs + 10, pace.dueMs);
  }
  return { asked, refused };
}

describe('createServerPace', () => {
  it('knows of no pace at first', () => {
    const pace = createServerPace();
    assert.equal(pace.dueMs, -Infinity);
    pace.sent(0);
    pace.sent(0);
    assert.equal(pace.dueMs, -Infinity);
  });

  it('spreads what is left of a window over the rest of it, and is never refused', () => {
    const most = 60;
    let [minute, taken] = [0, 0];
    const { asked, refused } = askFor(600_000, (nowMs) => {
      if (Math.floor(nowMs / 60_000) > minute) [minute, taken] = [Math.floor(nowMs / 60_000), 0];
      if (taken === most) return null;
      taken += 1;
      return requests(most - taken, 60_000 - (nowMs % 60_000));
    });
    assert.equal(refused, 0);
    assert.ok(asked >= 590 && asked <= 600, `${asked} of 600`);
  });

  it('settles at the speed at which a bucket fills', () => {
    const most = 60;
    let [held, beforeMs] = [most, 0];
    const { asked, refused } = askFor(600_000, (nowMs) => {
      held = Math.min(most, held + ((nowMs - beforeMs) * most) / 60_000);
      beforeMs = nowMs;
      if (held < 1) return null;
      held -= 1;
      return requests(Math.floor(held), ((most - held) * 60_000) / most);
    });
    assert.equal(refused, 0);
    // Ten minutes refill 600, and the bucket was full.
    assert.ok(asked >= 600 && asked <= 660, `${asked}`);
  });

  it('waits exactly as said where nothing is left, and after a refusal', () => {
    const pace = createServerPace();
    pace.observe([requests(0, 2_000), { of: 'tokens', remaining: 90, resetMs: 500 }], pace.sent(0), 100);
    assert.equal(pace.dueMs, 2_100);
    pace.hold(5_000, 200);
    assert.equal(pace.dueMs, 5_200);
    pace.hold(1_000, 300);
    assert.equal(pace.dueMs, 5_200, 'a shorter time does not open it sooner');
  });

  it('believes no absurd time, and no reply that is older than another', () => {
    const pace = createServerPace();
    const older = pace.sent(0);
    const newer = pace.sent(0);
    pace.observe([requests(1_000, 1)], newer, 10);
    pace.observe([requests(0, 9e9)], older, 20);
    assert.ok(pace.dueMs <= 20, `${pace.dueMs}`);
    pace.observe([requests(0, 9e9)], newer, 20);
    assert.equal(pace.dueMs, 600_020);
  });

  it('counts calls that a reply cannot know of, and how many tokens a call takes', () => {
    const pace = createServerPace();
    const first = pace.sent(0);
    for (let more = 0; more < 4; more++) pace.sent(0);
    pace.observe([requests(4, 1_000)], first, 0);
    assert.equal(pace.dueMs, 1_000, 'all four are in flight already');

    const tokens = createServerPace();
    tokens.used(100);
    tokens.observe([{ of: 'tokens', remaining: 1_000, resetMs: 10_000 }], tokens.sent(0), 0);
    assert.equal(tokens.dueMs, 1_000);
    tokens.observe([{ of: 'tokens', remaining: 99, resetMs: 10_000 }], tokens.sent(1_000), 1_000);
    assert.equal(tokens.dueMs, 11_000);
  });
});
