import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Subject, lastValueFrom, of, toArray } from 'rxjs';
import { seqBatch } from '../../src/arrow/columns.js';
import type { Batch } from '../../src/flow/batch.js';
import { type Decision, recalled } from '../../src/flow/decision.js';
import { recordDecisions } from '../../src/flow/recordDecisions.js';

function decision(rowsIn: number, from: readonly number[]): Decision {
  return { rowsIn, from, written: null, side: [], learnt: undefined };
}

function batch(lo: number, hi: number, decided?: readonly Decision[]): Batch {
  return { lo, hi, rows: seqBatch(lo, hi), side: [], ...(decided ? { decided } : {}) };
}

const RECALLED = recalled('link');

type Kept = [lo: number, decisions: readonly Decision[]];

async function keptOf(batches: readonly Batch[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  const keep = async (...stretch: Kept): Promise<void> => void kept.push(stretch);
  const passed = await lastValueFrom(of(...batches).pipe(recordDecisions(4, keep), toArray()));
  assert.deepEqual(passed, batches);
  await new Promise(setImmediate);
  return kept;
}

test('batches of a stretch are joined: places count from the stretch’s first row', async () => {
  const kept = await keptOf([
    batch(0, 2, [decision(2, [1]), decision(1, [0, 0])]),
    batch(2, 4, [decision(2, [0, 1]), decision(2, [1])]),
    batch(4, 6, [decision(2, [0]), decision(1, [])]),
  ]);
  assert.deepEqual(kept, [
    [0, [decision(4, [1, 2, 3]), decision(3, [0, 0, 2])]],
    [4, [decision(2, [0]), decision(1, [])]],
  ]);
});

test('of a stretch in which a step decided nothing for good, that step and those after it are left out', async () => {
  const kept = await keptOf([
    batch(0, 2, [decision(2, [0, 1]), decision(2, [0])]),
    batch(2, 4, [decision(2, [0])]),
    batch(4, 8, []),
  ]);
  assert.deepEqual(kept, [[0, [decision(4, [0, 1, 2])]]]);
});

test('what was recalled is not kept again; what later steps add to it is', async () => {
  const kept = await keptOf([
    batch(0, 1, [decision(1, [0]), decision(1, [0])]),
    batch(1, 3, [RECALLED, RECALLED]),
    batch(3, 4, [RECALLED, decision(1, [0])]),
  ]);
  assert.deepEqual(kept, [
    [0, [decision(1, [0]), decision(1, [0])]],
    [3, [RECALLED, decision(1, [0])]],
  ]);
});

test('a run that begins or ends amid a stretch keeps what it has of it', async () => {
  const kept = await keptOf([batch(3, 4, [decision(1, [0])]), batch(4, 7, [decision(3, [2])])]);
  assert.deepEqual(kept, [
    [3, [decision(1, [0])]],
    [4, [decision(3, [2])]],
  ]);
});

test('one stretch is kept after the other: a batch that ends a second one waits', async () => {
  const source = new Subject<Batch>();
  const passed: number[] = [];
  let finish = (): void => {};
  const keep = (): Promise<void> => new Promise((resolve) => (finish = resolve));
  source.pipe(recordDecisions(2, keep)).subscribe(({ lo }) => passed.push(lo));
  for (const lo of [0, 2, 4]) source.next(batch(lo, lo + 2, [decision(2, [0])]));
  await new Promise(setImmediate);
  assert.deepEqual(passed, [0]);
  finish();
  await new Promise(setImmediate);
  assert.deepEqual(passed, [0, 2]);
});

test('a place that cannot keep ends the stream with its error', async () => {
  const batches = [0, 2, 4].map((lo) => batch(lo, lo + 2, [decision(2, [0])]));
  const keep = (): Promise<void> => Promise.reject(new Error('full'));
  await assert.rejects(lastValueFrom(of(...batches).pipe(recordDecisions(2, keep))), /full/);
});

test('what a step with memory had learnt before a stretch is what it had learnt before the first row of it', async () => {
  const kept = await keptOf([
    batch(0, 2, [decision(2, [0]), { ...decision(1, [0]), learnt: 'nothing' }]),
    batch(2, 4, [decision(2, [0]), { ...decision(1, [0]), learnt: 'a row' }]),
  ]);
  assert.deepEqual(
    kept.map(([, [, scanned]]) => scanned!.learnt),
    ['nothing'],
  );
});
