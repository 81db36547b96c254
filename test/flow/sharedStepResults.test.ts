import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RowEvent } from '../../src/flow/rowEvents.js';
import { cases } from '../helpers/texts/cases.js';
import {
  ANY_KNOBS,
  type Recorded,
  type WorldKnobs,
  type WorldCache,
  type WorldRow,
  hash,
  noDelay,
  runWorld,
} from '../helpers/runs/flowWorld.js';

/** Several runs, of several pipelines with the same first steps, that share one step result cache. */

const run: fc.Arbitrary<WorldKnobs & { crashAt: number }> = fc.record({
  ...ANY_KNOBS,
  seed: fc.constant(0),
  variant: fc.integer({ min: 0, max: 1 }),
  crashAt: fc.nat(),
});

test('another end, another last step, and back: each run writes what it would have written alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(run, { minLength: 2, maxLength: 5 }),
      fc.integer({ min: 1, max: 16 }),
      async (seed, runs, segmentRows) => {
        const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown: 4 };
        for (const knobs of runs) {
          const world = { ...knobs, seed };
          const replayed = runWorld(world, noDelay, undefined, undefined, [], cache);
          const plain = runWorld(world);
          assert.deepEqual(await replayed.totals, await plain.totals);
          assert.deepEqual(replayed.recorded.shards, plain.recorded.shards);
        }
      },
    ),
    { numRuns: cases(25, 100) },
  );
});

test('other replies, failures, crashes, two at once: what a run writes fits together', async () => {
  const hurt = fc.record({
    replies: fc.integer({ min: 0, max: 1 }),
    failingEvery: fc.option(fc.integer({ min: 2, max: 30 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(fc.tuple(run, hurt), { minLength: 2, maxLength: 5 }),
      fc.integer({ min: 1, max: 16 }),
      fc.scheduler(),
      async (seed, runs, segmentRows, scheduler) => {
        const cache: WorldCache = { segmentRows, stored: new Map(), stepsKnown: 4 };
        const delay = <T>(label: string, work: () => T): Promise<T> =>
          scheduler.schedule(Promise.resolve(), label).then(work);
        for (const [knobs, how] of runs) {
          const { crashAt, ...rest } = { ...knobs, ...how, seed };
          const first = runWorld(rest, delay, undefined, undefined, [], cache);
          const beside = runWorld({ ...rest, replies: 2 }, delay, undefined, undefined, [], cache);
          await scheduler.waitFor(Promise.all([first.totals, beside.totals]));
          assertFits(seed, first.recorded.shards);
          assertFits(seed, beside.recorded.shards);
          const shards = first.recorded.shards.filter(({ done }) => !done);
          const before = shards.slice(0, crashAt % (shards.length + 1));
          const resumed = runWorld(
            { ...rest, replies: 1 - how.replies },
            delay,
            undefined,
            undefined,
            before,
            cache,
          );
          await scheduler.waitFor(resumed.totals);
          assertFits(seed, [...before, ...resumed.recorded.shards]);
        }
      },
    ),
    { numRuns: cases(15, 60) },
  );
});

/** Asserts that the stateful step knew each row before, and no other, and that each row has come from it. */
function assertFits(seed: number, shards: Recorded['shards']): void {
  const events = shards.flatMap((shard) => shard.events);
  const added = new Map<number, number>();
  for (const event of events) if (event.kind === 'delta') added.set(event.seq, event.value as number);
  const isKnown = (value: number, seq: number): boolean =>
    [...added].some(([at, other]) => at < seq && other === value);
  for (const [seq, value] of added)
    assert.ok(
      !isKnown(value, seq) || hash(seed, seq, 3) % 3 === 0,
      `row ${seq} was added, though it was known`,
    );
  for (const row of shards.flatMap(({ rows }) => rows)) assertKnown(row, added);
  for (const event of events.filter(isSeen))
    assert.ok(
      isKnown(Number(event.message), event.seq),
      `row ${event.seq} was dropped for a row that nobody has`,
    );
}

function assertKnown([seq, , value, ordinal]: WorldRow, added: ReadonlyMap<number, number>): void {
  assert.equal(added.get(seq), value, `row ${seq} is not the one that was added`);
  const before = [...added.keys()].filter((at) => at < seq);
  assert.equal(ordinal, before.length, `row ${seq}`);
}

function isSeen(event: RowEvent): event is RowEvent & { kind: 'dropped'; message: string } {
  return event.kind === 'dropped' && event.reason === 'seen';
}
