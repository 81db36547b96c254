import '../../../src/flow/steps/loadStepStreams.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareRows } from '../../../src/flow/steps/prepareRows.js';
import { type Input, runOperator } from '../../helpers/runOperator.js';

const SHAPE = { step: 'own', reads: { text: 'string' }, writes: [] } as const;
const INPUT: Input = {
  columns: { text: 'string' },
  nullable: ['text'],
  rows: ['a', null, 'b', 'c', 'd'].map((text) => ({ text })),
};

test('every row that lacks nothing is prepared before its batch passes as it is, batches in order', async () => {
  const prepared: unknown[] = [];
  const operator = prepareRows(SHAPE, async ({ seq, text }) => {
    // Later rows are faster.
    for (let turns = 8 - seq; turns > 0; turns--) await new Promise(setImmediate);
    prepared.push(text);
  });
  const { rows, batches } = await runOperator(operator, INPUT, 2);
  assert.deepEqual([...prepared].sort(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['a', null, 'b', 'c', 'd'],
  );
  assert.deepEqual(
    batches.map(({ lo, hi }) => [lo, hi]),
    [
      [0, 2],
      [2, 4],
      [4, 5],
    ],
  );
});

test('an error ends the stream', async () => {
  const operator = prepareRows(SHAPE, async () => {
    throw new Error('the server is gone');
  });
  await assert.rejects(runOperator(operator, INPUT), /the server is gone/);
});
