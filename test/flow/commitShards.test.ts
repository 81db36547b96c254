import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from } from 'rxjs';
import { seqBatch } from '../../src/arrow/columns.js';
import { sliceRows } from '../../src/arrow/concat.js';
import type { Batch } from '../../src/flow/batch.js';
import { type CommitSink, commitShards } from '../../src/flow/commitShards.js';
import { createGate } from '../../src/flow/gate.js';

/** 32 positions in batches of so many, of which `seq` alone is kept. */
function batchesOf(batchRows: number, seq: number): Batch[] {
  return Array.from({ length: 32 / batchRows }, (_, number): Batch => {
    const [lo, hi] = [number * batchRows, (number + 1) * batchRows];
    const place = seq - lo;
    const isHere = place >= 0 && place < batchRows;
    const rows = sliceRows(seqBatch(lo, hi), isHere ? place : 0, isHere ? place + 1 : 0);
    const lost = Array.from({ length: batchRows }, (_row, at) => lo + at).filter((each) => each !== seq);
    return {
      ...{ lo, hi, rows },
      events: lost.map((each) => ({
        ...{
          kind: 'dropped',
          seq: each,
          seqIndex: 0,
          step: 's',
          reason: 'unlucky',
          message: '',
          question: null,
          reply: null,
        },
      })),
    };
  });
}

test('a run gives up, or does not, by where the first row is that was kept: not by how rows were batched', async () => {
  const sink: CommitSink = { append: async () => {}, appendEvents: async () => {}, commit: async () => {} };
  const outcome = async (batchRows: number, seq: number): Promise<string> => {
    const gate = createGate({ windowRows: 64, batchRows });
    // The gate knows of no batch that did not come from it.
    const tolerant = { ...gate, delivered: () => {} };
    const options = { gate: tolerant, sink, shardRows: 1, target: 1, giveUpRows: 10 };
    return commitShards(from(batchesOf(batchRows, seq)), options).then(
      ({ kept }) => `${kept} kept`,
      (error: { code: string }) => error.code,
    );
  };
  for (const batchRows of [1, 2, 4, 8, 16, 32]) {
    assert.equal(await outcome(batchRows, 9), '1 kept', `batches of ${batchRows}`);
    assert.equal(await outcome(batchRows, 10), 'ERR_TARGET_UNREACHABLE', `batches of ${batchRows}`);
  }
});
