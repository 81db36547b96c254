import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seqBatch } from '../../src/arrow/columns.js';
import { type GateOptions, type ReadRows, type Replay, createGate } from '../../src/flow/gate.js';
import { plainBatch, settle } from './batches.js';

const endless: ReadRows = (lo, rowsMax) => seqBatch(lo, lo + rowsMax);

/** A gate whose source is subscribed, what it has issued, and how it ended. */
function opened(options: GateOptions, read: ReadRows = endless, replay?: Replay) {
  const gate = createGate(options);
  const seen: string[] = [];
  const subscription = gate.source(read, replay).subscribe({
    next: ({ lo, hi }) => seen.push(`${lo}-${hi}`),
    error: (error: Error) => seen.push(error.message),
    complete: () => seen.push('done'),
  });
  return {
    gate,
    subscription,
    /** What came since the last call. */
    async issued(): Promise<string[]> {
      await settle();
      return seen.splice(0);
    },
  };
}

test('batches are issued up to the window, and further as the watermark moves', async () => {
  const { gate, issued } = opened({ windowRows: 6, batchRows: 4 });
  assert.deepEqual(await issued(), ['0-4', '4-6']);
  gate.delivered(4, 4);
  assert.deepEqual(await issued(), ['6-10']);
  assert.deepEqual([gate.issued, gate.watermark], [10, 4]);
});

test('one batch is always let through, also one that is larger than the window', async () => {
  const { issued } = opened({ windowRows: 1, batchRows: 4 });
  assert.deepEqual(await issued(), ['0-4']);
});

test('the stream completes at the limit, and where the source ends, which may give fewer rows than asked', async () => {
  assert.deepEqual(await opened({ windowRows: 100, batchRows: 4, limit: 6 }).issued(), [
    '0-4',
    '4-6',
    'done',
  ]);
  const short: ReadRows = (lo) => (lo < 5 ? seqBatch(lo, Math.min(5, lo + 3)) : null);
  assert.deepEqual(await opened({ windowRows: 100, batchRows: 4 }, short).issued(), ['0-3', '3-5', 'done']);
  const empty: ReadRows = (lo) => seqBatch(lo, lo);
  assert.deepEqual(await opened({ windowRows: 100, batchRows: 4 }, empty).issued(), ['done']);
});

test('a resumed run begins at `from`', async () => {
  assert.deepEqual(await opened({ windowRows: 4, batchRows: 4, from: 10 }).issued(), ['10-14']);
});

test('with a target, the source asks for as many positions as are expected to be needed', async () => {
  const { gate, issued } = opened({ windowRows: 1000, batchRows: 1, target: 10 });
  await issued();
  // Before any row was kept: eight positions a row.
  assert.equal(gate.issued, 80);
  gate.delivered(80, 8);
  await issued();
  // Two of ten are missing, and one position in ten is kept: 2 + 2·√2 rows, of ten positions each, from the watermark on.
  assert.equal(gate.issued, 80 + Math.ceil((2 + 2 * Math.SQRT2) * 10));
});

test('no batch crosses the end of a segment', async () => {
  const { issued } = opened({ windowRows: 20, batchRows: 4, segmentRows: 6, from: 3, limit: 14 });
  assert.deepEqual(await issued(), ['3-6', '6-10', '10-12', '12-14', 'done']);
});

test('what is delivered must lie between the watermark and what was issued', async () => {
  const { gate, issued } = opened({ windowRows: 4, batchRows: 4 });
  await issued();
  gate.delivered(2, 2);
  for (const hi of [1, 5]) {
    assert.throws(() => gate.delivered(hi, 2), {
      code: 'ERR_INVARIANT',
      message: new RegExp(`up to ${hi} as delivered, expected a number from 2 to 4`),
    });
  }
});

test('a slow source is read once at a time; its error ends the stream', async () => {
  let reads = 0;
  let fail = (_error: Error): void => {};
  const slow: ReadRows = () => {
    reads += 1;
    return new Promise((_resolve, reject) => (fail = reject));
  };
  const { gate, issued } = opened({ windowRows: 8, batchRows: 4 }, slow);
  assert.deepEqual(await issued(), []);
  gate.delivered(0, 0);
  await issued();
  assert.equal(reads, 1);
  fail(new Error('the file is gone'));
  assert.deepEqual(await issued(), ['the file is gone']);
});

test('after it is unsubscribed the source reads nothing more', async () => {
  const { gate, subscription, issued } = opened({ windowRows: 4, batchRows: 4 });
  await issued();
  subscription.unsubscribe();
  gate.delivered(4, 4);
  assert.deepEqual(await issued(), []);
});

/** Cached results by first position. */
function replayOf(found: Record<number, ReturnType<Replay['find']>>): Replay {
  return {
    find: (lo) => found[lo] ?? null,
    read: async (lo) => plainBatch(lo, lo + (found[lo] as { rows: number }).rows),
  };
}

test('cached segments are replayed whole; one that is complete may pass the demand, but never the window', async () => {
  const complete = { rows: 5, isComplete: true };
  const replay = replayOf({ 0: complete, 5: complete, 10: complete });
  const { gate, issued } = opened({ windowRows: 12, batchRows: 1, target: 1 }, endless, replay);
  // The demand is for eight positions.
  assert.deepEqual(await issued(), ['0-5', '5-10']);
  gate.delivered(5, 0);
  assert.deepEqual(await issued(), ['10-15']);
});

test('a segment whose last steps must run waits for the demand', async () => {
  const replay = replayOf({ 0: { rows: 5, isComplete: false }, 5: { rows: 5, isComplete: false } });
  const { gate, issued } = opened({ windowRows: 100, batchRows: 1, target: 1 }, endless, replay);
  assert.deepEqual(await issued(), ['0-5']);
  gate.delivered(5, 0);
  assert.deepEqual(await issued(), [
    '5-10',
    '10-11',
    '11-12',
    '12-13',
    '13-14',
    '14-15',
    '15-16',
    '16-17',
    '17-18',
  ]);
});

test('where it is too early to tell, the source waits for the rows in flight', async () => {
  const found: Record<number, ReturnType<Replay['find']>> = { 4: 'tooEarly' };
  const { gate, issued } = opened({ windowRows: 8, batchRows: 4, limit: 8 }, endless, replayOf(found));
  assert.deepEqual(await issued(), ['0-4']);
  found[4] = { rows: 3, isComplete: true };
  gate.delivered(4, 4);
  // The replayed rows may be all that is wanted, so the rest waits for them.
  assert.deepEqual(await issued(), ['4-7']);
  gate.delivered(7, 7);
  assert.deepEqual(await issued(), ['7-8', 'done']);
});

test('with nothing in flight there is nothing to wait for: the steps run', async () => {
  const { issued } = opened({ windowRows: 8, batchRows: 4, limit: 4 }, endless, replayOf({ 0: 'tooEarly' }));
  assert.deepEqual(await issued(), ['0-4', 'done']);
});
