import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Engine, type EngineConfig, type Job, createEngine } from '../../bench/endpoint/engine.js';
import { idealMakespanMs } from '../../bench/endpoint/ideal.js';
import { draftOf, textOf, topTokens } from '../../bench/endpoint/texts.js';

/** Steps of 10 ms whatever runs, and prompts that cost nothing but their first step. */
const PLAIN: Partial<EngineConfig> = {
  ...{ stepBaseMs: 10, stepPerSlotMs: 0, prefillTokensPerStep: Infinity, bucketMs: 100 },
};

function job(tokens: number, promptTokens = 0): Job {
  return { promptTokens, tokens };
}

/** Submits and notes when each request ends. */
function submitAll(engine: Engine, requests: readonly (readonly Job[])[], nowMs = 0): number[] {
  const endsMs = requests.map(() => NaN);
  requests.forEach((jobs, at) => engine.submit(jobs, nowMs, (atMs) => (endsMs[at] = atMs)));
  return endsMs;
}

function drain(engine: Engine): void {
  for (let atMs = engine.nextEventMs(); atMs < Infinity; atMs = engine.nextEventMs()) engine.advance(atMs);
}

test('one slot serves in order of arrival', () => {
  const engine = createEngine({ ...PLAIN, slots: 1 });
  const endsMs = submitAll(engine, [[job(3)], [job(1)], [job(2)]]);
  assert.equal(engine.nextEventMs(), 0);
  engine.advance(0);
  assert.deepEqual(engine.gauges(0), { running: 1, waiting: 2, kvTokens: 0, preemptions: 0 });
  drain(engine);
  assert.deepEqual(endsMs, [30, 40, 60]);
  assert.equal(engine.nextEventMs(), Infinity);
});

test('a step is longer the more run in it, and slowFactor lengthens it', () => {
  const engine = createEngine({ slots: 2, stepBaseMs: 4, stepPerSlotMs: 1, prefillTokensPerStep: 40 });
  const endsMs = submitAll(engine, [[job(2, 80)], [job(1, 1)]]);
  drain(engine);
  // One step of 6 ms with both, then two of 5 ms alone: the step that reads the end of a prompt makes the first token.
  assert.deepEqual(endsMs, [16, 6]);
  engine.configure({ slowFactor: 3 }, 100);
  const slowMs = submitAll(engine, [[job(1)]], 100);
  drain(engine);
  assert.deepEqual(slowMs, [115]);
});

test('an arrival within a step joins the next one', () => {
  const engine = createEngine({ ...PLAIN, slots: 2 });
  const first = submitAll(engine, [[job(10)]], 0);
  const second = submitAll(engine, [[job(1)]], 43);
  const third = submitAll(engine, [[job(1)]], 60);
  drain(engine);
  assert.deepEqual([first, second, third], [[100], [60], [70]]);
});

test('a request of n choices takes n slots and ends with the last', () => {
  const engine = createEngine({ ...PLAIN, slots: 2 });
  const endsMs = submitAll(engine, [[job(1), job(4), job(2)], [job(1)]]);
  drain(engine);
  // The third choice takes the slot of the first at 10 and ends at 30, the second at 40.
  assert.deepEqual(endsMs, [40, 40]);
});

test('a one-token call holds its slot for one step, and so does a text that is only read', () => {
  const engine = createEngine({ ...PLAIN, slots: 1, prefillTokensPerStep: 100 });
  const endsMs = submitAll(engine, [[job(1, 90)], [job(0, 90)], [job(1, 250)], [job(2, 100)]]);
  drain(engine);
  assert.deepEqual(endsMs, [10, 20, 50, 70]);
});

test('the page shows what was left when the last step ended, before the next sequences were let in', () => {
  const engine = createEngine({ ...PLAIN, slots: 4 });
  const shown = (nowMs: number): number[] => {
    const { running, waiting } = engine.published(nowMs);
    return [running, waiting];
  };
  // Two of three sequences of a request run long; the others are one-token calls.
  submitAll(engine, [[job(9), job(9), job(1)], ...Array.from({ length: 5 }, () => [job(1)])]);
  assert.deepEqual(shown(5), [0, 0], 'no step has ended');
  assert.deepEqual([engine.gauges(5).running, engine.gauges(5).waiting], [4, 4]);
  assert.deepEqual(shown(15), [2, 4], 'four run, and two of them are seen');
  assert.deepEqual(shown(25), [2, 2]);
  assert.deepEqual(shown(45), [2, 0]);
  submitAll(engine, [[job(1)]], 52);
  submitAll(engine, [[job(1), job(1), job(1)]], 53);
  assert.deepEqual(shown(65), [2, 4]);
  assert.deepEqual(shown(200), [0, 0]);
});

test('the timeline holds busy slots, capacity and the longest queue', () => {
  const engine = createEngine({ ...PLAIN, slots: 2 });
  submitAll(engine, [[job(12)], [job(3)], [job(2)]]);
  drain(engine);
  engine.advance(200);
  // Slot 1: 0 to 120; slot 2: 0 to 50.
  assert.deepEqual(engine.timeline, { busyMs: [150, 20], capacityMs: [200, 200], waitingMost: [3, 0] });
  assert.equal(engine.totals.busyMs, 170);
});

test('a full KV cache sends the youngest back, which is recomputed first', () => {
  const engine = createEngine({ ...PLAIN, slots: 3, prefillTokensPerStep: 10, kvTokensMax: 30 });
  const endsMs = submitAll(engine, [[job(8, 10)], [job(4, 10)], [job(1, 5)]]);
  engine.advance(0);
  // 10 + 10 + 5 held: all three are in. One step reads the prompts.
  assert.equal(engine.gauges(0).running, 3);
  drain(engine);
  // The third ends at 10, the second at 40 when both hold 14: it was never full.
  assert.deepEqual(endsMs, [80, 40, 10]);
  assert.equal(engine.totals.preemptions, 0);

  const tight = createEngine({ ...PLAIN, slots: 3, prefillTokensPerStep: 10, kvTokensMax: 25 });
  const tightMs = submitAll(tight, [[job(8, 10)], [job(4, 10)]]);
  drain(tight);
  // At 20 they hold 12 + 12 and two more do not fit. The second returns at 80 with 12 to recompute, 2 left to make.
  assert.deepEqual(tightMs, [80, 110]);
  assert.equal(tight.totals.preemptions, 1);
  assert.equal(tight.totals.tokens, 12);
});

test('aborting frees the slot, and a full queue refuses', () => {
  const engine = createEngine({ ...PLAIN, slots: 1, queuedMax: 3 });
  const ticket = engine.submit([job(100)], 0, () => assert.fail('was aborted'))!;
  const waiting = engine.submit([job(100)], 0, () => assert.fail('was aborted'))!;
  const endsMs = submitAll(engine, [[job(1)]]);
  assert.equal(
    engine.submit([job(1)], 0, () => {}),
    null,
  );
  engine.abort(waiting, 5);
  engine.abort(ticket, 25);
  assert.deepEqual(engine.gauges(25), { running: 0, waiting: 1, kvTokens: 0, preemptions: 0 });
  drain(engine);
  assert.deepEqual(endsMs, [40]);
  assert.equal(engine.totals.tokensWasted, 2);
});

test('slots change while it runs, and a server that is down has none', () => {
  const engine = createEngine({ ...PLAIN, slots: 1 });
  const endsMs = submitAll(engine, [[job(10)], [job(10)]]);
  engine.configure({ slots: 2 }, 35);
  drain(engine);
  assert.deepEqual(endsMs, [100, 140]);
  engine.setDown(true, 200);
  engine.setDown(false, 250);
  engine.advance(300);
  assert.equal(engine.timeline.capacityMs[2], 100);
});

test('with everything there at the start the engine takes the ideal makespan', () => {
  const jobs = fc.array(fc.record({ promptTokens: fc.nat(200), tokens: fc.nat(60) }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(jobs, fc.integer({ min: 1, max: 12 }), (list, slots) => {
      const engine = createEngine({ slots });
      const endsMs = submitAll(
        engine,
        list.map((one) => [one]),
      );
      drain(engine);
      assert.ok(Math.abs(Math.max(...endsMs) - idealMakespanMs(list, { slots })) < 1e-6);
    }),
    { numRuns: 300 },
  );
  assert.equal(idealMakespanMs([job(2), job(2), job(2)], { ...PLAIN, slots: 1 }, 2), 40);
});

test('aborts and arrivals at any time lose no request and keep the books', () => {
  const event = fc.record({
    ...{ gapMs: fc.nat(40), tokens: fc.nat(30), promptTokens: fc.integer({ min: 1, max: 100 }) },
    ...{ n: fc.integer({ min: 1, max: 3 }), abortAt: fc.option(fc.nat(20)) },
  });
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), fc.boolean(), (events, tight) => {
      const engine = createEngine({ slots: 3, kvTokensMax: tight ? 150 : Infinity });
      const ended = new Set<number>();
      const aborted = new Set<number>();
      const tickets = new Map<number, NonNullable<ReturnType<Engine['submit']>>>();
      let nowMs = 0;
      events.forEach(({ gapMs, tokens, promptTokens, n, abortAt }, at) => {
        nowMs += gapMs;
        const jobs = Array.from({ length: n }, () => job(tokens, promptTokens));
        tickets.set(
          at,
          engine.submit(jobs, nowMs, () => ended.add(at))!,
        );
        if (abortAt === null || abortAt > at || ended.has(abortAt)) return;
        engine.abort(tickets.get(abortAt)!, nowMs);
        if (!ended.has(abortAt)) aborted.add(abortAt);
      });
      drain(engine);
      assert.equal(ended.size + aborted.size, events.length);
      assert.deepEqual(
        [...ended].filter((at) => aborted.has(at)),
        [],
      );
      const { running, waiting, kvTokens } = engine.gauges(nowMs + 1e6);
      assert.deepEqual([running, waiting, kvTokens], [0, 0, 0]);
    }),
    { numRuns: 500 },
  );
});

test('lengths and texts are functions of the seed', () => {
  const lengths = { meanTokens: 220, sigma: 0.7, capTokens: 2048 };
  const drafts = Array.from({ length: 20_000 }, (_, seed) => draftOf(lengths, seed, 4096).tokens);
  const mean = drafts.reduce((sum, tokens) => sum + tokens, 0) / drafts.length;
  assert.ok(Math.abs(mean - 220) < 6, `mean ${mean}`);
  assert.deepEqual(draftOf({ ...lengths, sigma: 0 }, 1, 100), { tokens: 100, ended: false });
  for (const reply of ['solution', 'verdict', 'question', 'plain'] as const) {
    const text = textOf(reply, 5, 6, { tokens: 300, ended: true });
    assert.equal(text, textOf(reply, 5, 6, { tokens: 300, ended: true }));
    assert.equal(text.split(/\s+/).length, 300);
  }
  assert.match(textOf('solution', 5, 6, { tokens: 9, ended: true }), /\\boxed\{\d+\}\.$/);
  assert.doesNotMatch(textOf('solution', 5, 6, { tokens: 9, ended: false }), /boxed/);
  const top = topTokens('verdict', 5);
  assert.equal(top.length, 20);
  assert.deepEqual(
    new Set(top.slice(0, 12).map(({ token }) => token)),
    new Set(['Yes', 'No', ...'0123456789']),
  );
});
