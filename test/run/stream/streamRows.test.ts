import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seqBatch } from '../../../src/arrow/columns.js';
import { columnValues } from '../../../src/arrow/read.js';
import type { CommitSink } from '../../../src/flow/commitShards.js';
import { type StreamSettings, streamRows } from '../../../src/run/stream/streamRows.js';

const SETTINGS: StreamSettings = { windowRows: 4, batchRows: 2, shardRows: 3 };

function collector(): {
  sink: CommitSink;
  seqs: unknown[];
  cuts: { next: number; kept: number; done: boolean }[];
} {
  const seqs: unknown[] = [];
  const cuts: { next: number; kept: number; done: boolean }[] = [];
  const sink: CommitSink = {
    append: async (rows) => void seqs.push(...columnValues(rows, 'seq')),
    appendEvents: async () => {},
    commit: async ({ next, kept, done }) => void cuts.push({ next, kept, done }),
  };
  return { sink, seqs, cuts };
}

const read = (lo: number, rowsMax: number) => (lo >= 7 ? null : seqBatch(lo, Math.min(7, lo + rowsMax)));

test('all rows of the source come to the sink, in shards', async () => {
  const { sink, seqs, cuts } = collector();
  const totals = await streamRows(SETTINGS, { read, sink }, (rows) => rows);
  assert.deepEqual(seqs, [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    cuts.map(({ kept }) => kept),
    [3, 6, 7],
  );
  assert.deepEqual([totals.positions, totals.kept, cuts.at(-1)!.done], [7, 7, true]);
});

test('a run goes on behind its last commit, and its target counts what was kept before', async () => {
  const { sink, seqs, cuts } = collector();
  const resume = { from: 3, kept: 3, restored: undefined };
  await streamRows({ ...SETTINGS, target: 5 }, { read, sink, resume }, (rows) => rows);
  assert.deepEqual(seqs, [3, 4]);
  assert.deepEqual(cuts.at(-1), { next: 5, kept: 5, done: true });
});

test('a limit ends the source, a signal the stream', async () => {
  const { sink, seqs } = collector();
  await streamRows({ ...SETTINGS, limit: 2 }, { read, sink }, (rows) => rows);
  assert.deepEqual(seqs, [0, 1]);
  const aborted = { read, sink, signal: AbortSignal.abort() };
  await assert.rejects(
    streamRows(SETTINGS, aborted, (rows) => rows),
    { code: 'ERR_CANCELLED' },
  );
});
