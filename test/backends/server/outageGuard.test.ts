import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutageGuard, isFailure } from '../../../src/backends/server/outageGuard.js';
import type { Control } from '../../../src/backends/server/refusalGuard.js';
import { RowError, ScaleQuestError } from '../../../src/errors.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

const FAILED = new RowError('ROW_SERVER_ERROR', 'model m answered 502, after 6 tries');
const CONTROL = (): Control => ({ path: '/x', body: { n: 1 } });
const MINUTE = 60_000;

/** `answers`: what becomes of each control request; the last one of all that follow. */
function guardOf(answers: readonly (Error | null)[]) {
  const clock = simulatedClock();
  const closing = new AbortController();
  let asked = 0;
  const ask = async (): Promise<void> => {
    const error = answers[Math.min(asked++, answers.length - 1)]!;
    await clock.sleep(1000, closing.signal);
    if (error) throw error;
  };
  const patience = { unreachableMs: 10 * MINUTE, unreachableFirstMs: MINUTE };
  const guard = createOutageGuard({ clock, signal: closing.signal, patience, ask });
  return { ...guard, clock, closing, asked: () => asked };
}

test('a server that answers the control request fails at the call alone', async () => {
  const { failsAlone, clock, asked } = guardOf([null]);
  assert.equal(await clock.until(failsAlone('a', 0, CONTROL)), true);
  assert.equal(asked(), 1);
  const refused = guardOf([new RowError('ROW_REFUSED', 'no')]);
  assert.equal(await refused.clock.until(refused.failsAlone('a', 0, CONTROL)), true);
});

test('an answer to another call of the kind since the last try but one says so without a control request', async () => {
  const { failsAlone, answered, clock, asked } = guardOf([FAILED, null]);
  await clock.until(clock.sleep(10));
  answered('a');
  assert.equal(await failsAlone('a', 9, CONTROL), true);
  assert.equal(asked(), 0);
  // An answer of before, or to another kind, says nothing.
  assert.equal(await clock.until(failsAlone('a', 10, CONTROL)), false);
  assert.equal(asked(), 2);
  const other = guardOf([FAILED, null]);
  other.answered('b');
  assert.equal(await other.clock.until(other.failsAlone('a', -1, CONTROL)), false);
});

test('all calls of a kind wait for one control request after the other, until one is answered', async () => {
  const { failsAlone, clock, asked } = guardOf([FAILED, FAILED, null]);
  const held = Array.from({ length: 50 }, () => failsAlone('a', 0, CONTROL));
  assert.deepEqual([...new Set(await clock.until(Promise.all(held)))], [false]);
  assert.equal(asked(), 3);
});

test('a server that goes on failing ends the run in its own words: sooner where it has answered nothing yet', async () => {
  for (const [hasAnswered, minutes] of [
    [false, 1],
    [true, 10],
  ] as const) {
    const { failsAlone, answered, clock } = guardOf([FAILED]);
    if (hasAnswered) answered('a');
    await assert.rejects(clock.until(failsAlone('a', 0, CONTROL), 20 * MINUTE), (error: unknown) => {
      assert.ok(error instanceof ScaleQuestError && !(error instanceof RowError));
      assert.equal(error.code, 'ERR_MODEL_UNREACHABLE');
      assert.match(
        error.message,
        /^model m answered 502, after 6 tries; all requests of this kind fail, also a harmless one, for \d+ s\./,
      );
      return true;
    });
    assert.ok(
      clock.nowMs() >= minutes * MINUTE && clock.nowMs() < minutes * MINUTE + 5000,
      `${clock.nowMs()}`,
    );
  }
});

test('a server whose first replies are broken, or never come, is not waited for', async () => {
  for (const code of ['ROW_REPLY_INVALID', 'ROW_TIMEOUT'] as const) {
    const { failsAlone, clock, asked } = guardOf([new RowError(code, 'model m is odd')]);
    await assert.rejects(clock.until(failsAlone('a', 0, CONTROL)), { code: 'ERR_MODEL_UNREACHABLE' });
    assert.equal(asked(), 1);
  }
});

test('what ends the run ends the wait, and so does closing', async () => {
  const gone = new ScaleQuestError('ERR_MODEL_UNREACHABLE', 'gone');
  const ended = guardOf([gone]);
  await assert.rejects(ended.clock.until(ended.failsAlone('a', 0, CONTROL)), gone);
  const { failsAlone, closing } = guardOf([FAILED]);
  const held = failsAlone('a', 0, CONTROL);
  const closed = new ScaleQuestError('ERR_CANCELLED', 'closed');
  closing.abort(closed);
  await assert.rejects(held, closed);
});

test('only what a server failed at is a failure', () => {
  assert.ok(isFailure(FAILED) && isFailure(new RowError('ROW_TIMEOUT', 'late')));
  assert.ok(!isFailure(new RowError('ROW_REFUSED', 'no')));
  assert.ok(!isFailure(new ScaleQuestError('ERR_MODEL_UNREACHABLE', 'gone')));
});
