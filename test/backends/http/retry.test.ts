import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type FailureKind,
  type RetryOptions,
  TryFailure,
  retryAfterMs,
  withRetry,
} from '../../../src/backends/http/retry.js';
import { RowError, ScaleQuestError } from '../../../src/errors.js';
import { type SimulatedClock, simulatedClock } from '../../helpers/simulatedClock.js';

function setUp(
  changes: Partial<RetryOptions> = {},
): RetryOptions & { clock: SimulatedClock; waits: FailureKind[] } {
  const waits: FailureKind[] = [];
  return {
    retriesMax: 5,
    unreachableMs: 60_000,
    health: { answeredMs: undefined },
    random: () => 1,
    onRetry: ({ kind }) => waits.push(kind),
    ...changes,
    clock: simulatedClock(),
    waits,
  };
}

/** Fails as told, then answers. */
function script(failures: readonly TryFailure[]): { call: () => Promise<string>; tries: () => number } {
  let at = 0;
  return {
    call: async () => {
      const failure = failures[at++];
      if (failure) throw failure;
      return 'answer';
    },
    tries: () => at,
  };
}

const fail = (kind: FailureKind, retryAfter = 0): TryFailure =>
  new TryFailure(kind, `model m ${kind}`, { retryAfterMs: retryAfter });
const times = (count: number, kind: FailureKind): TryFailure[] =>
  Array.from({ length: count }, () => fail(kind));

describe('withRetry', () => {
  it('waits exponentially, spread by the draw, and not beyond 30 s', async () => {
    const full = setUp({ retriesMax: 8 });
    await full.clock.until(withRetry(script(times(8, 'server')).call, full));
    assert.equal(full.clock.nowMs(), 500 + 1000 + 2000 + 4000 + 8000 + 16_000 + 30_000 + 30_000);
    const none = setUp({ random: () => 0 });
    await none.clock.until(withRetry(script(times(5, 'server')).call, none));
    assert.equal(none.clock.nowMs(), 0);
  });

  it('does not take a server for gone that was silent between two cut connections', async () => {
    const options = setUp({ unreachableMs: 20_000 });
    const failures: FailureKind[] = ['reset', 'reset', 'timeout', 'reset'];
    let tries = 0;
    const call = async (): Promise<string> => {
      const kind = failures[tries++];
      if (!kind) return 'answer';
      await options.clock.sleep(kind === 'timeout' ? 30_000 : 5);
      throw fail(kind);
    };
    assert.equal(await options.clock.until(withRetry(call, options)), 'answer');
    assert.equal(tries, 5);
  });

  it('rejects the row when the tries are used up', async () => {
    const codes = { server: 'ROW_SERVER_ERROR', timeout: 'ROW_TIMEOUT', reply: 'ROW_REPLY_INVALID' } as const;
    for (const kind of ['server', 'timeout', 'reply'] as const) {
      const options = setUp({ retriesMax: 2 });
      const { call, tries } = script(times(10, kind));
      const error = await options.clock.until(withRetry(call, options)).catch((e: unknown) => e);
      assert.ok(error instanceof RowError);
      assert.equal(error.code, codes[kind]);
      assert.match(error.message, /model m .* after 3 tries/);
      assert.equal(tries(), 3);
      assert.equal(options.waits.length, 2);
    }
  });

  it('passes any other error on at once', async () => {
    for (const error of [new RowError('ROW_REFUSED', 'no'), new ScaleQuestError('ERR_MODEL_REFUSED', 'no')]) {
      const options = setUp();
      await assert.rejects(
        withRetry(() => Promise.reject(error), options),
        (thrown) => thrown === error,
      );
      assert.equal(options.waits.length, 0);
    }
  });

  it('waits for a busy server without counting tries', async () => {
    const options = setUp({ retriesMax: 0 });
    const { call, tries } = script(times(12, 'busy'));
    assert.equal(await options.clock.until(withRetry(call, options)), 'answer');
    assert.equal(tries(), 13);
  });

  it('waits at least as long as the server asks, but not beyond 60 s', async () => {
    const options = setUp({ random: () => 0 });
    const { call } = script([fail('busy', 7000), fail('server', 3000), fail('busy', 3_600_000)]);
    await options.clock.until(withRetry(call, options));
    assert.equal(options.clock.nowMs(), 7000 + 3000 + 60_000);
  });

  it('ends the run when the server is nothing but busy, and the row when it serves others', async () => {
    const alone = setUp();
    await assert.rejects(alone.clock.until(withRetry(script(times(1000, 'busy')).call, alone)), {
      code: 'ERR_MODEL_UNREACHABLE',
    });
    assert.ok(alone.clock.nowMs() >= 600_000 && alone.clock.nowMs() < 700_000);
    const among = setUp();
    const call = async (): Promise<never> => {
      among.health.answeredMs = among.clock.nowMs();
      throw fail('busy');
    };
    await assert.rejects(among.clock.until(withRetry(call, among)), { code: 'ROW_SERVER_ERROR' });
  });

  it('repeats a cut connection once at once and silently', async () => {
    const options = setUp({ retriesMax: 0, unreachableMs: 0 });
    assert.equal(await options.clock.until(withRetry(script([fail('reset')]).call, options)), 'answer');
    assert.equal(options.clock.nowMs(), 0);
    assert.deepEqual(options.waits, []);
  });

  it('waits for a server that is away, as long as told and no longer', async () => {
    for (const kind of ['reset', 'unreachable'] as const) {
      const options = setUp({ retriesMax: 0, unreachableMs: 10_000 });
      await assert.rejects(options.clock.until(withRetry(script(times(1000, kind)).call, options)), {
        code: 'ERR_MODEL_UNREACHABLE',
        message: /model m .*10 s/,
      });
      assert.equal(options.clock.nowMs(), 10_000);
    }
    const back = setUp({ retriesMax: 0, unreachableMs: 10_000 });
    assert.equal(await back.clock.until(withRetry(script(times(5, 'unreachable')).call, back)), 'answer');
  });

  it('starts counting anew when the server has answered in between', async () => {
    const options = setUp({ unreachableMs: 3000, retriesMax: 5 });
    const away = times(3, 'unreachable');
    const { call } = script([...away, fail('server'), ...away, fail('server'), ...away]);
    assert.equal(await options.clock.until(withRetry(call, options)), 'answer');
  });

  it('gives up a row that cuts the connection while others are served', async () => {
    const options = setUp({ retriesMax: 3 });
    let tries = 0;
    const call = async (): Promise<never> => {
      tries++;
      options.health.answeredMs = options.clock.nowMs() + 1;
      throw fail('reset');
    };
    await assert.rejects(options.clock.until(withRetry(call, options)), { code: 'ROW_SERVER_ERROR' });
    assert.equal(tries, 5);
  });

  it('ends a wait at once when the signal is aborted', async () => {
    const abort = new AbortController();
    const options = setUp({ signal: abort.signal });
    const work = withRetry(script(times(3, 'server')).call, options);
    await new Promise(setImmediate);
    const reason = new ScaleQuestError('ERR_CANCELLED', 'closed');
    abort.abort(reason);
    await assert.rejects(work, (error) => error === reason);
    assert.equal(options.clock.nowMs(), 0);
  });

  it('always ends: with the answer, or a code, within bounds', async () => {
    const kinds = fc.constantFrom<FailureKind>('busy', 'server', 'timeout', 'reply', 'reset', 'unreachable');
    await fc.assert(
      fc.asyncProperty(
        fc.array(kinds, { maxLength: 40 }),
        fc.nat(6),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (failures, retriesMax, draw) => {
          const options = setUp({ retriesMax, random: () => draw });
          const { call, tries } = script(failures.map((kind) => fail(kind)));
          const outcome = await options.clock
            .until(withRetry(call, options))
            .catch((error: unknown) => error);
          if (outcome === 'answer') {
            assert.equal(tries(), failures.length + 1);
            return;
          }
          assert.ok(outcome instanceof ScaleQuestError);
          const charged = failures
            .slice(0, tries())
            .filter((kind) => ['server', 'timeout', 'reply'].includes(kind));
          if (outcome instanceof RowError) assert.ok(charged.length <= retriesMax + 1);
          else assert.equal(outcome.code, 'ERR_MODEL_UNREACHABLE');
        },
      ),
    );
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
