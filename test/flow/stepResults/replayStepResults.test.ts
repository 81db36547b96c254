import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seqBatch } from '../../../src/arrow/columns.js';
import type { StepResult, StepState } from '../../../src/flow/stepResults/stepResult.js';
import { decodeStepResult, encodeStepResults } from '../../../src/flow/stepResults/stepResultBytes.js';
import type { ReadRows } from '../../../src/flow/gate.js';
import { replayStepResults } from '../../../src/flow/stepResults/replayStepResults.js';
import { cases } from '../../helpers/texts/cases.js';
import {
  ANY_KNOBS,
  type Delay,
  type WorldKnobs,
  type WorldCache,
  noDelay,
  runWorld,
  scheduled,
} from '../../helpers/runs/flowWorld.js';

/** A run that replays the step results of an earlier one writes what it would have written without them. */

const knobs: fc.Arbitrary<WorldKnobs> = fc.record(ANY_KNOBS);

const RUNS = { numRuns: cases(40, 150) };

/** Notes the rows that steps run on; storing and writing are not noted. */
function counted(delay: Delay): { delay: Delay; asked: () => string[] } {
  const labels: string[] = [];
  return {
    delay(label, work) {
      if (/^[vco]\d/.test(label)) labels.push(label);
      return delay(label, work);
    },
    asked: () => labels,
  };
}

function run(world: WorldKnobs, delay: Delay, cache?: WorldCache, before?: Parameters<typeof runWorld>[4]) {
  return runWorld(world, delay, undefined, undefined, before, cache);
}

test('other knobs, another end, any number of steps known, any order: the same shards', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      knobs,
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 0, max: 4 }),
      fc.scheduler(),
      async (first, other, segmentRows, stepsKnown, scheduler) => {
        const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown: 0 };
        const filled = run(first, noDelay, cache);
        await filled.totals;
        const again = { ...other, seed: first.seed };
        const replayed = run(again, scheduled(scheduler), { ...cache, stepsKnown });
        const plain = run(again, noDelay);
        assert.deepEqual(await scheduler.waitFor(replayed.totals), await plain.totals);
        assert.deepEqual(replayed.recorded.shards, plain.recorded.shards);
      },
    ),
    RUNS,
  );
});

test('the same run again runs no step, whatever its sizes, not even past its target', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, knobs, fc.integer({ min: 1, max: 16 }), async (world, other, segmentRows) => {
      const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown: 4 };
      const first = run(world, noDelay, cache);
      await first.totals;
      const { delay, asked } = counted(noDelay);
      // A window that holds a whole segment.
      const sizes = { windowRows: Math.max(other.windowRows, segmentRows), batchRows: other.batchRows };
      const again = run({ ...world, ...sizes }, delay, cache);
      await again.totals;
      assert.deepEqual(again.recorded.shards, first.recorded.shards);
      assert.deepEqual(asked(), []);
    }),
    RUNS,
  );
});

test('with a later step changed, the steps before it are not run', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 1, max: 3 }),
      async (world, segmentRows, stepsKnown) => {
        const whole = { ...world, target: undefined, windowRows: Math.max(world.windowRows, segmentRows) };
        const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown };
        await run(whole, noDelay, cache).totals;
        const { delay, asked } = counted(noDelay);
        await run(whole, delay, cache).totals;
        const known = [/^v/, /^$/, /^c/, /^o/].slice(0, stepsKnown);
        assert.deepEqual(
          asked().filter((label) => known.some((pattern) => pattern.test(label))),
          [],
        );
      },
    ),
    RUNS,
  );
});

test('a run that went on after a crash stores results that fit, and uses those that it finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      fc.nat(),
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 0, max: 4 }),
      async (world, draw, segmentRows, stepsKnown) => {
        const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown };
        const whole = run(world, noDelay, cache);
        await whole.totals;
        const shards = whole.recorded.shards.filter(({ done }) => !done);
        const before = shards.slice(0, draw % (shards.length + 1));
        const resumed = run(world, noDelay, cache, before);
        await resumed.totals;
        assert.deepEqual([...before, ...resumed.recorded.shards], whole.recorded.shards);
        const again = run(world, noDelay, { ...cache, stepsKnown: 4 });
        await again.totals;
        assert.deepEqual(again.recorded.shards, whole.recorded.shards);
      },
    ),
    RUNS,
  );
});

test('rows that were lost to a server come when it answers, and the result of a stateful step without them is not replayed', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      knobs,
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 1, max: 16 }),
      fc.nat(),
      async (first, other, failingEvery, segmentRows, draw) => {
        const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown: 0 };
        const failing = { ...first, failingEvery };
        const hurt = run(failing, noDelay, cache);
        await hurt.totals;
        // Some of it by a run that went on after a crash.
        const shards = hurt.recorded.shards.filter(({ done }) => !done);
        await run(failing, noDelay, cache, shards.slice(0, draw % (shards.length + 1))).totals;
        const again = { ...other, seed: first.seed };
        const mended = run(again, noDelay, { ...cache, stepsKnown: 4 });
        const plain = run(again, noDelay);
        assert.deepEqual(await mended.totals, await plain.totals);
        assert.deepEqual(mended.recorded.shards, plain.recorded.shards);
      },
    ),
    RUNS,
  );
});

test('bound: what is replayed is no further ahead of the watermark than the window', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      fc.integer({ min: 1, max: 16 }),
      fc.scheduler(),
      async (world, segmentRows, scheduler) => {
        const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown: 4 };
        await run(world, noDelay, cache).totals;
        const bound = Math.max(world.windowRows, world.batchRows);
        const check = (_step: number, _batch: unknown, gate: { issued: number; watermark: number }): void =>
          assert.ok(gate.issued - gate.watermark <= bound);
        await scheduler.waitFor(runWorld(world, scheduled(scheduler), check, undefined, [], cache).totals);
      },
    ),
    RUNS,
  );
});

function every(rowsIn: number, stateBefore?: string): StepResult {
  return {
    rowsIn,
    from: Array.from({ length: rowsIn }, (_, at) => at),
    written: null,
    events: [],
    stateBefore,
  };
}

interface Found {
  results?: readonly StepResult[];
  state?: StepState;
  from?: number;
  read?: ReadRows;
}

function replayOf({ results = [every(8)], state, from = 0, read = (lo) => seqBatch(lo, lo + 5) }: Found) {
  const records = encodeStepResults(results).map(({ bytes }) => decodeStepResult(bytes));
  const record = (_lo: number, step: number) => records[step] ?? null;
  return { records, ...replayStepResults({ read, record, state: () => state, from, stepsInAll: 2 }) };
}

test('a source that ends before rows with step results is an error, not a shorter set', async () => {
  const replay = replayOf({ read: (lo) => (lo === 0 ? seqBatch(0, 5) : null) });
  assert.deepEqual(await replay.find(0, 8), { rows: 8, isComplete: false });
  await assert.rejects(replay.read(0), { code: 'ERR_DATA_INVALID', message: /ended at row 5, .*up to 8/ });
});

test('more rows than the window can hold are not found', async () => {
  assert.equal(await replayOf({}).find(0, 7), null);
});

test('the result of a stateful step holds for the same state; before its rows have come there it is too early to tell', async () => {
  const results = [every(8), every(8, 'a')];
  const find = (state: StepState, from = 0) => replayOf({ results, state, from }).find(8, 8);
  assert.deepEqual(await find({ upTo: 8, hash: 'a' }), { rows: 8, isComplete: true });
  assert.deepEqual(await find({ upTo: 8, hash: 'b' }), { rows: 8, isComplete: false });
  assert.deepEqual(await find({ upTo: 8, hash: Promise.resolve('a') }), { rows: 8, isComplete: true });
  assert.equal(await find({ upTo: 4, hash: 'a' }), 'tooEarly');
  assert.equal(await find({ upTo: null, hash: 'a' }), 'tooEarly');
  assert.deepEqual(await find({ upTo: null, hash: 'a' }, 8), { rows: 8, isComplete: true });
});
