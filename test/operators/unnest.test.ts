import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Values } from '../../src/flow/steps/columnTypes.js';
import { multiply } from '../../src/flow/steps/outcome.js';
import { mapRows } from '../../src/flow/steps/mapRows.js';
import { SEQ_INDEX_COLUMN } from '../../src/arrow/columnType.js';
import { rowSeed } from '../../src/operators/lib/operator.js';
import { unnest } from '../../src/operators/unnest.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';

const INPUT: Input = {
  columns: { question: 'string', responses: 'list<string>', rewards: 'list<float64>' },
  rows: [
    { question: 'a', responses: ['a0', 'a1', 'a2'], rewards: [0.1, null, 0.3] },
    { question: 'b', responses: [], rewards: [] },
    { question: 'c', responses: ['c0'], rewards: [1] },
    { question: 'd', responses: ['d0', 'd1'], rewards: [1] },
  ],
};

const OPTIONS = { texts: { responses: 'response' }, numbers: { rewards: 'reward' } };

test('a row of every item, with the other columns and a number; what has no items, or as many everywhere, is lost', async () => {
  const output = await runOperator(unnest(OPTIONS, contextOf()), INPUT);
  assert.deepEqual(
    output.rows.map(({ seq, seqIndex, question, response, reward }) => [
      seq,
      seqIndex,
      question,
      response,
      reward,
    ]),
    [
      [0, 0, 'a', 'a0', 0.1],
      [0, 1, 'a', 'a1', null],
      [0, 2, 'a', 'a2', 0.3],
      [2, 0, 'c', 'c0', 1],
    ],
  );
  assert.deepEqual(lostTexts(output), ['1 dropped empty', '3 rejected ROW_LISTS_DIFFER']);
  assert.equal(output.lost[1]!.message, 'found 2 in responses, 1 in rewards, expected lists of one length');
  const made = output.batches.flatMap(({ events }) => events.filter(({ kind }) => kind === 'made'));
  assert.deepEqual(made, [{ kind: 'made', seq: 0, step: 'unnest', rows: 2 }]);
});

test('batches of one row and of all give the same rows', async () => {
  const [one, all] = [1, 4].map((batchRows) => runOperator(unnest(OPTIONS, contextOf()), INPUT, batchRows));
  assert.deepEqual((await one)!.rows, (await all)!.rows);
});

test('rows made of one draw different seeds, the first of them that of the row itself', () => {
  const seeds = [0, 1, 2].map((seqIndex) => rowSeed(contextOf(), 'respond', { seq: 5, seqIndex }));
  assert.equal(new Set(seeds).size, 3);
});

test('a step that makes rows of rows that were made numbers them anew within their position', async () => {
  const twice = mapRows({ step: 'twice', reads: {}, writes: [SEQ_INDEX_COLUMN] }, () =>
    multiply([{}, {}] satisfies Values[]),
  );
  const output = await runOperator((rows) => rows.pipe(unnest(OPTIONS, contextOf()), twice), INPUT);
  assert.deepEqual(
    output.rows.map(({ seq, seqIndex }) => [seq, seqIndex]),
    [...[0, 1, 2, 3, 4, 5].map((at) => [0, at]), [2, 0], [2, 1]],
  );
});

test('a step that multiplies a row by nothing breaks the run: rows end by being dropped or rejected', async () => {
  const none = mapRows({ step: 'none', reads: {}, writes: [SEQ_INDEX_COLUMN] }, () => multiply([]));
  await assert.rejects(runOperator(none, INPUT), { code: 'ERR_INVARIANT', message: /none made no rows/ });
});
