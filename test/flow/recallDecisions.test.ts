import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seqBatch } from '../../src/arrow/columns.js';
import type { Decision, Memory } from '../../src/flow/decision.js';
import { decodeDecision, encodeDecisions } from '../../src/flow/decisionBytes.js';
import type { ReadRows } from '../../src/flow/gate.js';
import { recallDecisions } from '../../src/flow/recallDecisions.js';
import {
  ANY_KNOBS,
  type Delay,
  type WorldKnobs,
  type WorldMemory,
  noDelay,
  runWorld,
  scheduled,
} from '../helpers/flowWorld.js';

/** A run that is told what an earlier one decided writes what it would have written without. */

const knobs: fc.Arbitrary<WorldKnobs> = fc.record(ANY_KNOBS);

const RUNS = { numRuns: 150 };

/** Counts the rows that a step decides; keeping and writing is none. */
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

function run(world: WorldKnobs, delay: Delay, memory?: WorldMemory, before?: Parameters<typeof runWorld>[4]) {
  return runWorld(world, delay, undefined, undefined, before, memory);
}

test('other knobs, another end, any number of steps known, any order: the same shards', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      knobs,
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 0, max: 4 }),
      fc.scheduler(),
      async (first, other, stretchRows, stepsKnown, scheduler) => {
        const memory: WorldMemory = { stretchRows, kept: new Map(), stepsKnown: 0 };
        const filled = run(first, noDelay, memory);
        await filled.totals;
        const again = { ...other, seed: first.seed };
        const recalled = run(again, scheduled(scheduler), { ...memory, stepsKnown });
        const plain = run(again, noDelay);
        assert.deepEqual(await scheduler.waitFor(recalled.totals), await plain.totals);
        assert.deepEqual(recalled.recorded.shards, plain.recorded.shards);
      },
    ),
    RUNS,
  );
});

test('the same run again decides nothing, whatever its sizes, and nothing past its target', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, knobs, fc.integer({ min: 1, max: 16 }), async (world, other, stretchRows) => {
      const memory: WorldMemory = { stretchRows, kept: new Map(), stepsKnown: 4 };
      const first = run(world, noDelay, memory);
      await first.totals;
      const { delay, asked } = counted(noDelay);
      // A window that has room for a stretch.
      const sizes = { windowRows: Math.max(other.windowRows, stretchRows), batchRows: other.batchRows };
      const again = run({ ...world, ...sizes }, delay, memory);
      await again.totals;
      assert.deepEqual(again.recorded.shards, first.recorded.shards);
      assert.deepEqual(asked(), []);
    }),
    RUNS,
  );
});

test('with a later step changed, the steps before it decide nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 1, max: 3 }),
      async (world, stretchRows, stepsKnown) => {
        const whole = { ...world, target: undefined, windowRows: Math.max(world.windowRows, stretchRows) };
        const memory: WorldMemory = { stretchRows, kept: new Map(), stepsKnown };
        await run(whole, noDelay, memory).totals;
        const { delay, asked } = counted(noDelay);
        await run(whole, delay, memory).totals;
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

test('a run that went on after a crash leaves decisions that fit, and uses those that it finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      fc.nat(),
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 0, max: 4 }),
      async (world, draw, stretchRows, stepsKnown) => {
        const memory: WorldMemory = { stretchRows, kept: new Map(), stepsKnown };
        const whole = run(world, noDelay, memory);
        await whole.totals;
        const shards = whole.recorded.shards.filter(({ done }) => !done);
        const before = shards.slice(0, draw % (shards.length + 1));
        const resumed = run(world, noDelay, memory, before);
        await resumed.totals;
        assert.deepEqual([...before, ...resumed.recorded.shards], whole.recorded.shards);
        const again = run(world, noDelay, { ...memory, stepsKnown: 4 });
        await again.totals;
        assert.deepEqual(again.recorded.shards, whole.recorded.shards);
      },
    ),
    RUNS,
  );
});

test('rows that were lost to a server come when it answers, and what a step with memory decided without them is not told', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      knobs,
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 1, max: 16 }),
      fc.nat(),
      async (first, other, failingEvery, stretchRows, draw) => {
        const memory: WorldMemory = { stretchRows, kept: new Map(), stepsKnown: 0 };
        const failing = { ...first, failingEvery };
        const hurt = run(failing, noDelay, memory);
        await hurt.totals;
        // Some of it by a run that went on after a crash.
        const shards = hurt.recorded.shards.filter(({ done }) => !done);
        await run(failing, noDelay, memory, shards.slice(0, draw % (shards.length + 1))).totals;
        const again = { ...other, seed: first.seed };
        const mended = run(again, noDelay, { ...memory, stepsKnown: 4 });
        const plain = run(again, noDelay);
        assert.deepEqual(await mended.totals, await plain.totals);
        assert.deepEqual(mended.recorded.shards, plain.recorded.shards);
      },
    ),
    RUNS,
  );
});

test('bound: what is recalled is no further ahead of the watermark than the window', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      fc.integer({ min: 1, max: 16 }),
      fc.scheduler(),
      async (world, stretchRows, scheduler) => {
        const memory: WorldMemory = { stretchRows, kept: new Map(), stepsKnown: 4 };
        await run(world, noDelay, memory).totals;
        const bound = Math.max(world.windowRows, world.batchRows);
        const check = (_step: number, _batch: unknown, gate: { issued: number; watermark: number }): void =>
          assert.ok(gate.issued - gate.watermark <= bound);
        await scheduler.waitFor(runWorld(world, scheduled(scheduler), check, undefined, [], memory).totals);
      },
    ),
    RUNS,
  );
});

function every(rowsIn: number, learnt?: string): Decision {
  return { rowsIn, from: Array.from({ length: rowsIn }, (_, at) => at), written: null, side: [], learnt };
}

interface Found {
  decisions?: readonly Decision[];
  memory?: Memory;
  from?: number;
  read?: ReadRows;
}

function recallOf({ decisions = [every(8)], memory, from = 0, read = (lo) => seqBatch(lo, lo + 5) }: Found) {
  const records = encodeDecisions(decisions).map(({ bytes }) => decodeDecision(bytes));
  const record = (_lo: number, step: number) => records[step] ?? null;
  return { records, ...recallDecisions({ read, record, memory: () => memory, from, stepsInAll: 2 }) };
}

test('a source that ends before rows that were decided is an error, not a shorter set', async () => {
  const recall = recallOf({ read: (lo) => (lo === 0 ? seqBatch(0, 5) : null) });
  assert.deepEqual(recall.find(0, 8), { rows: 8, isWhole: false });
  await assert.rejects(recall.read(0), { code: 'ERR_DATA_INVALID', message: /ended at row 5, .*up to 8/ });
});

test('more rows than there can be room for are none', () => {
  assert.equal(recallOf({}).find(0, 7), null);
});

test('what a step with memory decided holds where it had learnt the same; before its rows have come there it is early', () => {
  const decisions = [every(8), every(8, 'a')];
  const find = (memory: Memory, from = 0) => recallOf({ decisions, memory, from }).find(8, 8);
  assert.deepEqual(find({ upTo: 8, learnt: 'a' }), { rows: 8, isWhole: true });
  assert.deepEqual(find({ upTo: 8, learnt: 'b' }), { rows: 8, isWhole: false });
  assert.equal(find({ upTo: 4, learnt: 'a' }), 'early');
  assert.equal(find({ upTo: null, learnt: 'a' }), 'early');
  assert.deepEqual(find({ upTo: null, learnt: 'a' }, 8), { rows: 8, isWhole: true });
});
