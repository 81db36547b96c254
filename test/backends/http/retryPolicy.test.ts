import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type RetryOptions, troubleText, withRetry } from '../../../src/backends/http/retryPolicy.js';
import { type FailureKind, TryFailure } from '../../../src/backends/http/tryFailure.js';
import { RowError, ScaleQuestError } from '../../../src/errors.js';
import { type SimulatedClock, simulatedClock } from '../../helpers/simulatedClock.js';

function setUp(
  changes: Partial<RetryOptions> = {},
): RetryOptions & { clock: SimulatedClock; waits: FailureKind[] } {
  const waits: FailureKind[] = [];
  return {
    retriesMax: 5,
    unreachableMs: 60_000,
    lastAnswer: { atMs: undefined },
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

  it('does not take a server for gone that timed out between two cut connections', async () => {
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
      among.lastAnswer.atMs = among.clock.nowMs();
      throw fail('busy');
    };
    await assert.rejects(among.clock.until(withRetry(call, among)), { code: 'ROW_SERVER_ERROR' });
  });

  it('repeats a cut connection once, at once and without a word', async () => {
    const options = setUp({ retriesMax: 0, unreachableMs: 0 });
    assert.equal(await options.clock.until(withRetry(script([fail('reset')]).call, options)), 'answer');
    assert.equal(options.clock.nowMs(), 0);
    assert.deepEqual(options.waits, []);
  });

  it('waits for a server that is unreachable, as long as told and no longer', async () => {
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
    const unreachable = times(3, 'unreachable');
    const { call } = script([...unreachable, fail('server'), ...unreachable, fail('server'), ...unreachable]);
    assert.equal(await options.clock.until(withRetry(call, options)), 'answer');
  });

  it('gives up a row that cuts the connection while others are served', async () => {
    const options = setUp({ retriesMax: 3 });
    let tries = 0;
    const call = async (): Promise<never> => {
      tries++;
      options.lastAnswer.atMs = options.clock.nowMs() + 1;
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

  it('fails over at once and free of charge, but only so often between two waits', async () => {
    const options = setUp({ retriesMax: 1, failoversMax: 2 });
    const elsewhere = fail('server').withFailover();
    const { call, tries } = script(Array.from({ length: 9 }, () => elsewhere));
    await assert.rejects(options.clock.until(withRetry(call, options)), { code: 'ROW_SERVER_ERROR' });
    // A try and two failovers, a charged wait, and once more the same.
    assert.equal(tries(), 6);
    assert.deepEqual(options.waits, ['server']);
    assert.equal(options.clock.nowMs(), 500);
  });

  it('goes on to another replica sixteen times when refused, then waits as for one server', async () => {
    const options = setUp({ retriesMax: 0, failoversMax: 2 });
    const { call, tries } = script(Array.from({ length: 18 }, () => fail('busy', 7000).withFailover()));
    assert.equal(await options.clock.until(withRetry(call, options)), 'answer');
    assert.equal(tries(), 19);
    assert.deepEqual(options.waits, ['busy']);
    assert.equal(options.clock.nowMs(), 7000 + 500);
  });

  it('waits for a server that has answered longer than for one that never has', async () => {
    for (const [answeredMs, endsMs] of [
      [undefined, 60_000],
      [0, 600_000],
    ] as const) {
      const lastAnswer = { atMs: answeredMs };
      const options = setUp({ unreachableMs: 600_000, unreachableFirstMs: 60_000, lastAnswer });
      const gone = withRetry(() => Promise.reject(fail('unreachable')), options);
      await assert.rejects(options.clock.until(gone), { code: 'ERR_MODEL_UNREACHABLE' });
      assert.ok(Math.abs(options.clock.nowMs() - endsMs) <= 2000, `${options.clock.nowMs()}`);
    }
  });

  it('ends after a minute, and says when, where a server that does nothing but refuse opens after busyMs', async () => {
    const HOURS = 3_600_000;
    const options = setUp({ busyMs: 600_000 });
    const quota = withRetry(() => Promise.reject(fail('busy', 5 * HOURS)), options);
    const error = await options.clock.until(quota).then(
      () => assert.fail('it was answered'),
      (found: unknown) => found as ScaleQuestError,
    );
    assert.equal(error.code, 'ERR_MODEL_UNREACHABLE');
    assert.match(error.message, /opens again in 5 hours, at 1970-01-01T05:01:/);
    assert.match(error.message, /busyMs/);
    assert.match(String(error.data['opensAt']), /^1970-01-01T05:01:/);
    assert.ok(options.clock.nowMs() < 120_000, `${options.clock.nowMs()}`);
  });

  it('waits for hours where busyMs is that long, and loses nothing', async () => {
    const HOURS = 3_600_000;
    const options = setUp({ retriesMax: 0, busyMs: 24 * HOURS });
    const opensMs = 5 * HOURS;
    const call = async (): Promise<string> => {
      if (options.clock.nowMs() < opensMs) throw fail('busy', opensMs - options.clock.nowMs());
      return 'answer';
    };
    assert.equal(await options.clock.until(withRetry(call, options)), 'answer');
    assert.ok(options.clock.nowMs() <= opensMs + 90_000, `${options.clock.nowMs()}`);
  });

  it('does not believe a long Retry-After while others are served', async () => {
    const options = setUp({ busyMs: 600_000 });
    let refused = 0;
    const call = async (): Promise<string> => {
      options.lastAnswer.atMs = options.clock.nowMs();
      if (refused++ < 4) throw fail('busy', 3_600_000);
      return 'answer';
    };
    assert.equal(await options.clock.until(withRetry(call, options)), 'answer');
  });

  it('says what is waited for in words that stay readable, whatever a server asks for', () => {
    assert.equal(troubleText(fail('busy', 30_000), 0), 'model m busy');
    assert.equal(
      troubleText(fail('busy', 5_400_000), 0),
      'model m busy; it opens again in 90 minutes, at 1970-01-01T01:30:00Z',
    );
    assert.match(troubleText(fail('busy', Infinity), 0), /in 2400 hours, at 1970-04-11T00:00:00Z$/);
  });

  it('does not fail over once it is given up', async () => {
    const given = new AbortController();
    const options = setUp({ failoversMax: 2, signal: given.signal });
    const call = async (): Promise<never> => {
      given.abort(new Error('closed'));
      throw fail('unreachable').withFailover();
    };
    await assert.rejects(options.clock.until(withRetry(call, options)), { message: 'closed' });
  });

  it('notes the time of an answer, of a rejected row, and of a server’s failure, but of no refusal', async () => {
    const answers = async (error: Error): Promise<boolean> => {
      const options = setUp({ retriesMax: 0, busyMs: 0, unreachableMs: 0 });
      await options.clock.until(withRetry(() => Promise.reject(error), options).catch(() => undefined));
      return options.lastAnswer.atMs !== undefined;
    };
    for (const kind of ['server', 'reply'] as const) assert.ok(await answers(fail(kind)), kind);
    assert.ok(await answers(new RowError('ROW_REFUSED', 'no')));
    for (const kind of ['busy', 'timeout', 'reset', 'unreachable'] as const) {
      assert.ok(!(await answers(fail(kind))), kind);
    }
    const good = setUp();
    await withRetry(async () => 1, good);
    assert.equal(good.lastAnswer.atMs, 0);
  });

  it('asks whether a server fails at this call alone when the tries are used up, and begins anew where it does not', async () => {
    const options = setUp({ retriesMax: 1 });
    const { call, tries } = script(times(5, 'server'));
    const asked: number[] = [];
    const verdicts = [false, false, true];
    const failsAlone = (sinceMs: number): Promise<boolean> => {
      asked.push(sinceMs);
      return Promise.resolve(verdicts[asked.length - 1]!);
    };
    assert.equal(await options.clock.until(withRetry(call, options, failsAlone)), 'answer');
    assert.equal(tries(), 6);
    // Each time when the last try but one had failed.
    assert.deepEqual(asked, [0, 500]);

    const alone = setUp({ retriesMax: 1 });
    const never = script(times(9, 'timeout'));
    await assert.rejects(alone.clock.until(withRetry(never.call, alone, () => Promise.resolve(true))), {
      code: 'ROW_TIMEOUT',
    });
    assert.equal(never.tries(), 2);
    const ended = new ScaleQuestError('ERR_MODEL_UNREACHABLE', 'fails at all');
    const gone = setUp({ retriesMax: 0 });
    const all = withRetry(script(times(9, 'reply')).call, gone, () => Promise.reject(ended));
    await assert.rejects(gone.clock.until(all), ended);
  });
});
