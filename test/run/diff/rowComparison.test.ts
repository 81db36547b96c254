import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../src/arrow/columnType.js';
import { compareRows } from '../../../src/run/diff/rowComparison.js';

const COLUMNS: Column[] = [
  { name: 'seq', type: 'int32', help: '' },
  { name: 'question', type: 'string', help: '' },
  { name: 'rewards', type: 'list<float64>', help: '' },
];

test('counts and the first examples stay, however many rows differ', () => {
  const comparison = compareRows(COLUMNS, 2);
  for (let seq = 0; seq < 50; seq++)
    comparison.add(
      { seq, kept: [[seq, 'q', [1, 2]]], lost: [] },
      { seq, kept: [[seq, seq === 9 ? 'other' : 'q', [1, 2 + (seq % 2)]]], lost: [] },
    );
  const { keptByBoth, same, questionsDiffer, values } = comparison.result();
  assert.deepEqual([keptByBoth, same, questionsDiffer], [50, 25, 1]);
  assert.deepEqual(
    values.map(({ column, rows, answers, examples }) => [column, rows, answers, examples.length]),
    [
      ['rewards', 25, null, 2],
      ['question', 1, 0, 1],
    ],
  );
  assert.deepEqual(values[0]!.examples[0], { seq: 1, seqIndex: 0, a: '[1,2]', b: '[1,3]' });
});
