import '../../../src/flow/steps/loadStepStreams.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapWhole } from '../../../src/flow/steps/mapWhole.js';
import { drop, keep } from '../../../src/flow/steps/outcome.js';
import { type Input, lostTexts, runOperator } from '../../helpers/runs/runOperator.js';

const SHAPE = {
  step: 'whole',
  reads: { text: 'string' },
  writes: [{ name: 'place', type: 'int32', help: 'Place in the batch.' }],
} as const;

const INPUT: Input = {
  columns: { text: 'string', other: 'string' },
  nullable: ['text'],
  rows: ['a', null, 'b', 'c'].map((text) => ({ text, other: 'x' })),
};

test('the rows that lack nothing are decided together, beside a table of what is read', async () => {
  const seen: unknown[] = [];
  const operator = mapWhole(SHAPE, async (rows, table) => {
    seen.push([rows.map(({ text }) => text), table.schema.fields.map(({ name }) => name), table.numRows]);
    return rows.map(({ text }, at) => (text === 'c' ? drop('last') : keep({ place: at })));
  });
  const output = await runOperator(operator, INPUT);
  assert.deepEqual(seen, [[['a', 'b', 'c'], ['seq', 'text'], 3]]);
  assert.deepEqual(
    output.rows.map(({ seq, place, other }) => [seq, place, other]),
    [
      [0, 0, 'x'],
      [2, 1, 'x'],
    ],
  );
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_VALUE_MISSING', '3 dropped last']);
});

test('nothing is decided where every row lacks a value; an error ends the stream', async () => {
  const fail = mapWhole(SHAPE, async () => {
    throw new Error('the server is gone');
  });
  const empty = { ...INPUT, rows: [{ text: null, other: 'x' }] };
  assert.equal((await runOperator(fail, empty)).lost.length, 1);
  await assert.rejects(runOperator(fail, INPUT), /the server is gone/);
});
