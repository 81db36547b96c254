import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordBatch } from 'apache-arrow';
import type { Column } from '../../../src/arrow/columnType.js';
import { columnValues } from '../../../src/arrow/read.js';
import type { Block } from '../../../src/io/sources/format.js';
import { toBatches } from '../../../src/io/sources/toBatches.js';

const QUESTION: Column = { name: 'question', type: 'string', help: '' };

/** Blocks of one column, of so many rows each. */
async function* blocksOf(...sizes: number[]): AsyncGenerator<Block> {
  let row = 0;
  for (const size of sizes) {
    yield { file: 'a', row, values: [Array.from({ length: size }, (_, at) => `q${row + at}`)] };
    row += size;
  }
}

async function collect(blocks: AsyncIterable<Block>, batchRows: number, from = 0): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const rows of toBatches(blocks, { columns: [QUESTION], batchRows, from })) batches.push(rows);
  return batches;
}

test('batches are as long as asked for, whatever the blocks are; seq goes on from `from`', async () => {
  for (const sizes of [[10], [1, 2, 3, 4], [0, 9, 0, 1], [5, 5]]) {
    const batches = await collect(blocksOf(...sizes), 4, 100);
    assert.deepEqual(
      batches.map(({ numRows }) => numRows),
      [4, 4, 2],
    );
    const rows = Array.from({ length: 10 }, (_, at) => at);
    assert.deepEqual(
      batches.flatMap((batch) => columnValues(batch, 'seq')),
      rows.map((row) => 100 + row),
    );
    assert.deepEqual(
      batches.flatMap((batch) => columnValues(batch, 'question')),
      rows.map((row) => `q${row}`),
    );
  }
});

test('no rows are no batches', async () => {
  assert.deepEqual(await collect(blocksOf(), 4), []);
  assert.deepEqual(await collect(blocksOf(0), 4), []);
});

test('nobody else numbers the rows', async () => {
  const columns: Column[] = [{ name: 'seq', type: 'int32', help: '' }];
  const reading = toBatches(blocksOf(1), { columns, batchRows: 1 });
  await assert.rejects(reading.next(), {
    code: 'ERR_INVARIANT',
    message: /the reader numbers the rows itself/,
  });
});
