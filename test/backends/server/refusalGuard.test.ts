import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Control, createRefusalGuard, mayBeAlways } from '../../../src/backends/server/refusalGuard.js';
import { REFUSALS_HELD_MAX, REFUSAL_HOLD_MS } from '../../../src/backends/limits.js';
import { RowError, ScaleQuestError } from '../../../src/errors.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

const REFUSED = new RowError('ROW_REFUSED', 'the server of n answered 400: no', { data: { status: 400 } });
const CONTROL: Control = { path: '/x', body: { n: 1 } };
const OTHER: Control = { path: '/x', body: { n: 5 } };

function guardOf(answer: () => Promise<unknown> = () => Promise.reject(REFUSED)) {
  const clock = simulatedClock();
  const closing = new AbortController();
  const asked: Control[] = [];
  const ask = (control: Control): Promise<unknown> => {
    asked.push(control);
    return answer();
  };
  return {
    ...createRefusalGuard({ label: 'model m', clock, signal: closing.signal, ask }),
    clock,
    closing,
    asked,
  };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error as ScaleQuestError).code,
  );

test('a server that refuses the control request too ends the run, in its own words, at once for every later call', async () => {
  const { refused, clock, asked } = guardOf();
  const first = refused(REFUSED, CONTROL);
  await assert.rejects(clock.until(first), (error: unknown) => {
    assert.ok(error instanceof ScaleQuestError && !(error instanceof RowError));
    assert.equal(error.code, 'ERR_MODEL_REFUSED');
    assert.match(error.message, /^model m refuses every request .* answered 400: no/);
    return true;
  });
  assert.equal(clock.nowMs(), REFUSAL_HOLD_MS);
  assert.equal(await codeOf(refused(REFUSED, { ...CONTROL })), 'ERR_MODEL_REFUSED');
  assert.equal(asked.length, 1);
});

test('a server that answers the control request refuses one row, and is not asked again for that kind', async () => {
  const { refused, clock, asked } = guardOf(() => Promise.resolve());
  assert.equal(await codeOf(clock.until(refused(REFUSED, CONTROL))), 'ROW_REFUSED');
  assert.equal(await codeOf(refused(REFUSED, CONTROL)), 'ROW_REFUSED');
  assert.equal(asked.length, 1);
  assert.equal(await codeOf(clock.until(refused(REFUSED, OTHER))), 'ROW_REFUSED');
  assert.equal(asked.length, 2);
});

test('an answer to another call of the kind settles those that are held, without a control request', async () => {
  const { refused, answered, asked } = guardOf();
  const held = [refused(REFUSED, CONTROL), refused(REFUSED, CONTROL)].map(codeOf);
  answered(() => OTHER);
  answered(() => CONTROL);
  assert.deepEqual(await Promise.all(held), ['ROW_REFUSED', 'ROW_REFUSED']);
  assert.equal(asked.length, 0);
});

test('many refusals do not wait for the time to pass', async () => {
  const { refused, clock } = guardOf();
  const held = Array.from({ length: REFUSALS_HELD_MAX }, () => codeOf(refused(REFUSED, CONTROL)));
  assert.deepEqual([...new Set(await Promise.all(held))], ['ERR_MODEL_REFUSED']);
  assert.equal(clock.nowMs(), 0);
});

test('while nothing is held, no control is made of an answer', () => {
  guardOf().answered(() => assert.fail('expected no control'));
});

test('what a control request meets beside a refusal: the row’s own faults reject the row, the run’s end the run', async () => {
  const tooLong = guardOf(() => Promise.reject(new RowError('ROW_TIMEOUT', 'late')));
  assert.equal(await codeOf(tooLong.clock.until(tooLong.refused(REFUSED, CONTROL))), 'ROW_REFUSED');
  const gone = guardOf(() => Promise.reject(new ScaleQuestError('ERR_MODEL_UNREACHABLE', 'gone')));
  assert.equal(await codeOf(gone.clock.until(gone.refused(REFUSED, CONTROL))), 'ERR_MODEL_UNREACHABLE');
});

test('closing ends the wait with its reason', async () => {
  const { refused, closing } = guardOf();
  const held = codeOf(refused(REFUSED, CONTROL));
  closing.abort(new ScaleQuestError('ERR_CANCELLED', 'closed'));
  assert.equal(await held, 'ERR_CANCELLED');
});

const EMPTY = new RowError('ROW_EMPTY', 'its reply ended without any text');
const AGAIN: Control = { ...CONTROL, bodyAgain: (attempt) => ({ n: 1, seed: attempt }) };

test('a server whose every reply is empty, or lacks choices, ends the run as one that refuses all', async () => {
  for (const [error, words] of [
    [EMPTY, /^model m gives no text to any request .* ended without any text/],
    [new RowError('ROW_FEWER_CHOICES', 'returned 0 of 5'), /^model m gives no request .* returned 0 of 5/],
  ] as const) {
    const { refused, clock } = guardOf(() => Promise.reject(error));
    await assert.rejects(clock.until(refused(error, AGAIN)), { code: 'ERR_MODEL_REFUSED', message: words });
  }
});

test('an empty reply to a control request may be chance: it is asked again with other seeds, but not for good', async () => {
  const always = guardOf(() => Promise.reject(EMPTY));
  await codeOf(always.clock.until(always.refused(EMPTY, AGAIN)));
  const seeds = always.asked.map(({ body }) => (body as { seed?: number }).seed);
  assert.deepEqual(seeds, [undefined, 1, 2, 3]);
  let asked = 0;
  const sometimes = guardOf(() => (++asked < 3 ? Promise.reject(EMPTY) : Promise.resolve()));
  assert.equal(await codeOf(sometimes.clock.until(sometimes.refused(EMPTY, AGAIN))), 'ROW_EMPTY');
  assert.equal(asked, 3);
  // A refusal is no chance.
  const refusing = guardOf();
  await codeOf(refusing.clock.until(refusing.refused(REFUSED, AGAIN)));
  assert.equal(refusing.asked.length, 1);
});

test('which errors may be those of all rows', () => {
  assert.ok(mayBeAlways(EMPTY));
  assert.ok(mayBeAlways(REFUSED));
  assert.ok(!mayBeAlways(new RowError('ROW_PROMPT_TOO_LONG', 'x')));
});
