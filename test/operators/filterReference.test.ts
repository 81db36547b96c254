import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterReference } from '../../src/operators/filterReference.js';
import { contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';

test('an answer, alone or at the end of a solution, is enough; nothing, blanks and empty marks are none', async () => {
  const answers = ['3', '5 + 5 is \\boxed{10}', 'ten, so\n#### 10', null, '', ' \n', '\\boxed{}', '####'];
  const output = await runOperator(filterReference({}, contextOf()), {
    columns: { question: 'string', answer: 'string' },
    rows: answers.map((answer, at) => ({ question: `${at}?`, answer })),
    nullable: ['answer'],
  });
  assert.deepEqual(
    output.rows.map(({ seq }) => seq),
    [0, 1, 2],
  );
  assert.deepEqual(
    lostTexts(output),
    [3, 4, 5, 6, 7].map((seq) => `${seq} dropped noAnswer`),
  );
});
