import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Subject, lastValueFrom, of, toArray } from 'rxjs';
import { seqBatch } from '../../../src/arrow/columns.js';
import type { Batch } from '../../../src/flow/batch.js';
import { type StepResult, replayed } from '../../../src/flow/stepResults/stepResult.js';
import { cacheStepResults } from '../../../src/flow/stepResults/cacheStepResults.js';

function resultOf(rowsIn: number, from: readonly number[]): StepResult {
  return { rowsIn, from, written: null, events: [], stateBefore: undefined };
}

function batch(lo: number, hi: number, stepResults?: readonly StepResult[]): Batch {
  return { lo, hi, rows: seqBatch(lo, hi), events: [], ...(stepResults ? { stepResults } : {}) };
}

const REPLAYED = replayed('link');

type Stored = [lo: number, results: readonly StepResult[]];

async function storedOf(batches: readonly Batch[]): Promise<Stored[]> {
  const stored: Stored[] = [];
  const put = async (...segment: Stored): Promise<void> => void stored.push(segment);
  const passed = await lastValueFrom(of(...batches).pipe(cacheStepResults(4, put), toArray()));
  assert.deepEqual(passed, batches);
  await new Promise(setImmediate);
  return stored;
}

test('batches of a segment are joined: row indices count from the segment’s first row', async () => {
  const stored = await storedOf([
    batch(0, 2, [resultOf(2, [1]), resultOf(1, [0, 0])]),
    batch(2, 4, [resultOf(2, [0, 1]), resultOf(2, [1])]),
    batch(4, 6, [resultOf(2, [0]), resultOf(1, [])]),
  ]);
  assert.deepEqual(stored, [
    [0, [resultOf(4, [1, 2, 3]), resultOf(3, [0, 0, 2])]],
    [4, [resultOf(2, [0]), resultOf(1, [])]],
  ]);
});

test('of a segment for which a step has no lasting result, that step and those after it are not stored', async () => {
  const stored = await storedOf([
    batch(0, 2, [resultOf(2, [0, 1]), resultOf(2, [0])]),
    batch(2, 4, [resultOf(2, [0])]),
    batch(4, 8, []),
  ]);
  assert.deepEqual(stored, [[0, [resultOf(4, [0, 1, 2])]]]);
});

test('what was replayed is not stored again; what later steps add to it is', async () => {
  const stored = await storedOf([
    batch(0, 1, [resultOf(1, [0]), resultOf(1, [0])]),
    batch(1, 3, [REPLAYED, REPLAYED]),
    batch(3, 4, [REPLAYED, resultOf(1, [0])]),
  ]);
  assert.deepEqual(stored, [
    [0, [resultOf(1, [0]), resultOf(1, [0])]],
    [3, [REPLAYED, resultOf(1, [0])]],
  ]);
});

test('a run that begins or ends inside a segment stores its part of it', async () => {
  const stored = await storedOf([batch(3, 4, [resultOf(1, [0])]), batch(4, 7, [resultOf(3, [2])])]);
  assert.deepEqual(stored, [
    [3, [resultOf(1, [0])]],
    [4, [resultOf(3, [2])]],
  ]);
});

test('one segment is stored after the other: a batch that ends the second one waits', async () => {
  const source = new Subject<Batch>();
  const passed: number[] = [];
  let finish = (): void => {};
  const put = (): Promise<void> => new Promise((resolve) => (finish = resolve));
  source.pipe(cacheStepResults(2, put)).subscribe(({ lo }) => passed.push(lo));
  for (const lo of [0, 2, 4]) source.next(batch(lo, lo + 2, [resultOf(2, [0])]));
  await new Promise(setImmediate);
  assert.deepEqual(passed, [0]);
  finish();
  await new Promise(setImmediate);
  assert.deepEqual(passed, [0, 2]);
});

test('a store that cannot write ends the stream with its error', async () => {
  const batches = [0, 2, 4].map((lo) => batch(lo, lo + 2, [resultOf(2, [0])]));
  const put = (): Promise<void> => Promise.reject(new Error('full'));
  await assert.rejects(lastValueFrom(of(...batches).pipe(cacheStepResults(2, put))), /full/);
});

test('the state before a segment is the state before its first row', async () => {
  const stored = await storedOf([
    batch(0, 2, [resultOf(2, [0]), { ...resultOf(1, [0]), stateBefore: 'nothing' }]),
    batch(2, 4, [resultOf(2, [0]), { ...resultOf(1, [0]), stateBefore: 'a row' }]),
  ]);
  assert.deepEqual(
    stored.map(([, [, scanned]]) => scanned!.stateBefore),
    ['nothing'],
  );
});
