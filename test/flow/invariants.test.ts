import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Observable } from 'rxjs';
import { ScaleQuestError } from '../../src/errors.js';
import type { Batch } from '../../src/flow/batch.js';
import { untilAborted } from '../../src/flow/untilAborted.js';
import { cases } from '../helpers/texts/cases.js';
import {
  ANY_KNOBS,
  type Delay,
  type WorldKnobs,
  expectedRows,
  noDelay,
  runWorld,
  scheduled,
} from '../helpers/runs/flowWorld.js';

/** The invariants of the flow engine (DESIGN, section 3), each under random sizes and every order of replies. */

const knobs: fc.Arbitrary<WorldKnobs> = fc.record(ANY_KNOBS);

const RUNS = { numRuns: cases(50, 150) };

const NO_SPY = [() => {}, (stream: Observable<Batch>) => stream] as const;

test('output: any sizes and any order of replies give what a plain loop gives', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.scheduler(), async (world, scheduler) => {
      const { totals, recorded } = runWorld(world, scheduled(scheduler));
      const result = await scheduler.waitFor(totals);
      const expected = expectedRows(world);
      assert.deepEqual(recorded.rows, expected.kept);
      assert.deepEqual(result.counts, expected.counts);
      assert.equal(result.positions, expected.positions);
    }),
    RUNS,
  );
});

test('order: after every step batches touch, and rows ascend inside their range', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.scheduler(), async (world, scheduler) => {
      const ends = new Map<number, number>();
      const { totals } = runWorld(world, scheduled(scheduler), (step, batch) => {
        assert.equal(batch.lo, ends.get(step) ?? 0);
        assert.ok(batch.hi > batch.lo);
        ends.set(step, batch.hi);
        const seqs = Array.from(
          { length: batch.rows.numRows },
          (_, row) => batch.rows.getChild('seq')!.get(row) as number,
        );
        // Rows made of one stay together; before any are made, a position has one row.
        const ascending = [...seqs].sort((a, b) => a - b);
        assert.deepEqual(seqs, step < 2 ? [...new Set(ascending)] : ascending);
        assert.ok(seqs.every((seq) => seq >= batch.lo && seq < batch.hi));
      });
      await scheduler.waitFor(totals);
    }),
    RUNS,
  );
});

test('bound: the source is never further ahead of the watermark than the window, or one batch', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.scheduler(), async (world, scheduler) => {
      const bound = Math.max(world.windowRows, world.batchRows);
      const check = (issued: number, watermark: number): void => assert.ok(issued - watermark <= bound);
      const { totals, gate } = runWorld(world, scheduled(scheduler), (_step, _batch, g) =>
        check(g.issued, g.watermark),
      );
      await scheduler.waitFor(totals);
      check(gate.issued, gate.watermark);
    }),
    RUNS,
  );
});

test('watermark: it only rises, and only over positions whose rows were written', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.scheduler(), async (world, scheduler) => {
      let last = 0;
      const { totals, gate } = runWorld(world, scheduled(scheduler), (_step, _batch, g) => {
        assert.ok(g.watermark >= last);
        last = g.watermark;
      });
      await scheduler.waitFor(totals);
      assert.ok(gate.watermark >= last);
    }),
    RUNS,
  );
});

test('credits: none is lost or returned twice: every run ends, and without a target with all of them back', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.scheduler(), async (world, scheduler) => {
      const { totals, gate } = runWorld({ ...world, target: undefined }, scheduled(scheduler));
      await scheduler.waitFor(totals);
      assert.equal(gate.issued, world.limit);
      assert.equal(gate.watermark, world.limit);
      assert.throws(() => gate.delivered(world.limit - 1, 0), /ERR|expected a number/);
    }),
    RUNS,
  );
});

test('chunks: cutting the rows into other batches and windows changes no shard, no row event, no commit', async () => {
  await fc.assert(
    fc.asyncProperty(
      knobs,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 30 }),
      async (world, b, w) => {
        const one = runWorld(world);
        const other = runWorld({ ...world, batchRows: b, windowRows: w });
        await Promise.all([one.totals, other.totals]);
        assert.deepEqual(other.recorded.shards, one.recorded.shards);
      },
    ),
    RUNS,
  );
});

test('shards: each holds shardRows rows but the last, more only for whole positions, and all positions before its end', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, async (world) => {
      const { totals, recorded } = runWorld(world);
      await totals;
      const { shards } = recorded;
      assert.deepEqual(
        shards.map(({ done }) => done),
        shards.map((_, at) => at === shards.length - 1),
      );
      for (const [at, shard] of shards.entries()) {
        const from = shards[at - 1]?.next ?? 0;
        const [rows, last] = [shard.rows.length, shard.rows.at(-1)?.[0]];
        const without = shard.rows.filter(([seq]) => seq !== last).length;
        // A commit with fewer comes exactly so many positions after the one before, and none comes later.
        const { commitPositions = Infinity } = world;
        assert.ok(shard.next - from <= commitPositions);
        assert.ok(shard.done || rows >= world.shardRows || shard.next - from === commitPositions);
        assert.ok(without < world.shardRows);
        assert.ok(
          [...shard.rows.map(([seq]) => seq), ...shard.events.map(({ seq }) => seq)].every(
            (s) => s >= from && s < shard.next,
          ),
        );
      }
    }),
    RUNS,
  );
});

test('resume: stopped after any commit and going on with other sizes, the shards are those of an unbroken run', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.array(knobs, { minLength: 1, maxLength: 3 }), async (world, starts) => {
      const whole = runWorld(world);
      await whole.totals;
      let before: typeof whole.recorded.shards = [];
      for (const { batchRows, windowRows } of starts) {
        if (before.at(-1)?.done) break;
        const { totals, recorded } = runWorld(
          { ...world, batchRows, windowRows },
          noDelay,
          ...NO_SPY,
          before,
        );
        await totals;
        before = [...before, ...recorded.shards.slice(0, 1)];
      }
      assert.deepEqual(before, whole.recorded.shards.slice(0, before.length));
    }),
    RUNS,
  );
});

test('cancel: no reply that comes later commits anything, and the source stops', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.scheduler(), fc.nat(60), async (world, scheduler, after) => {
      const cancel = new AbortController();
      let batches = 0;
      const { totals, gate, recorded } = runWorld(
        { ...world, target: undefined },
        scheduled(scheduler),
        () => {
          batches += 1;
          if (batches === after) cancel.abort();
        },
        (stream) => stream.pipe(untilAborted(cancel.signal)),
      );
      const outcome = totals.then(
        () => 'done',
        (error: ScaleQuestError) => error.code,
      );
      const ended = await scheduler.waitFor(outcome);
      const [issued, shards] = [gate.issued, recorded.shards.length];
      await scheduler.waitAll();
      if (ended === 'done') return;
      assert.equal(ended, 'ERR_CANCELLED');
      assert.equal(gate.issued, issued);
      assert.equal(recorded.shards.length, shards);
      assert.ok(recorded.shards.every(({ done }) => !done || gate.issued === world.limit));
    }),
    RUNS,
  );
});

test('error: a step that breaks ends the run with its own error, and no commit follows', async () => {
  await fc.assert(
    fc.asyncProperty(knobs, fc.scheduler(), fc.nat(89), async (world, scheduler, broken) => {
      const limit = Math.max(world.limit, broken + 1);
      const delay: Delay = (label, work) =>
        scheduler.schedule(Promise.resolve(), label).then(() => {
          if (label === `v${broken}`) throw new Error('the disk is gone');
          return work();
        });
      const { totals, recorded } = runWorld({ ...world, limit, target: undefined }, delay);
      const outcome = totals.then(
        () => 'done',
        (error: Error) => error.message,
      );
      assert.equal(await scheduler.waitFor(outcome), 'the disk is gone');
      const shards = recorded.shards.length;
      await scheduler.waitAll();
      assert.equal(recorded.shards.length, shards);
      assert.ok(recorded.shards.every(({ next, done }) => next <= broken && !done));
    }),
    RUNS,
  );
});
