import '../../src/flow/loadStepStreams.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastValueFrom, of, toArray } from 'rxjs';
import { columnValues } from '../../src/arrow/read.js';
import { seqBatch } from '../../src/arrow/columns.js';
import { KEEP, drop } from '../../src/flow/outcome.js';
import { scanRows } from '../../src/flow/scanRows.js';

const SHAPE = { step: 'firsts', reads: { seq: 'int32' }, writes: [] } as const;

/** Keeps the first row of each remainder by three, and remembers it. */
const firsts = (restored: readonly number[] = []) =>
  scanRows(
    SHAPE,
    {
      init: () => new Set<number>(),
      decide: (seen, { seq }) =>
        seen.has(seq % 3) ? { outcome: drop('seen') } : { outcome: KEEP, delta: seq % 3 },
      apply: (seen, delta: number) => void seen.add(delta),
    },
    restored,
  );

async function keptBy(step: ReturnType<typeof firsts>, ...cuts: [lo: number, hi: number][]) {
  const batches = cuts.map(([lo, hi]) => ({ lo, hi, rows: seqBatch(lo, hi), events: [] }));
  const out = await lastValueFrom(of(...batches).pipe(step, toArray()));
  return {
    seqs: out.flatMap(({ rows }) => columnValues(rows, 'seq') as number[]),
    deltas: out.flatMap(({ events }) =>
      events.flatMap((event) => (event.kind === 'delta' ? [event.value] : [])),
    ),
  };
}

test('each row may change the state for those behind it, however the rows are batched', async () => {
  const whole = await keptBy(firsts(), [0, 6]);
  assert.deepEqual(whole, { seqs: [0, 1, 2], deltas: [0, 1, 2] });
  assert.deepEqual(await keptBy(firsts(), [0, 1], [1, 4], [4, 6]), whole);
});

test('restored deltas are part of the state; a second subscription begins anew', async () => {
  const step = firsts([0, 2]);
  assert.deepEqual((await keptBy(step, [0, 6])).seqs, [1]);
  assert.deepEqual((await keptBy(step, [0, 6])).seqs, [1]);
});
