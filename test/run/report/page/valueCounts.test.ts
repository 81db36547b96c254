import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnValue } from '../../../../src/arrow/columnType.js';
import { valueCounts } from '../../../../src/run/report/page/valueCounts.js';

function countsOf(values: readonly ColumnValue[]): string | null {
  const counts = valueCounts();
  values.forEach(counts.add);
  const found = counts.end('level');
  return found && found.counts.map(({ value, rows }) => `${value} ${rows}`).join(', ');
}

const repeated = (values: readonly ColumnValue[], times: number): ColumnValue[] =>
  Array(times).fill(values).flat();

const CASES: [why: string, values: readonly ColumnValue[], counts: string | null][] = [
  ['few values, the most frequent first', ['hard', 'easy', 'easy', null, 'easy'], 'easy 3, hard 1'],
  ['as many by their texts', ['b', 'a', 'a', 'b'], 'a 2, b 2'],
  ['true and false', [true, false, true, true], 'true 3, false 1'],
  ['one value says nothing', ['easy', 'easy', 'easy'], null],
  ['rows that differ', ['a', 'b', 'c', 'd'], null],
  ['no row', [], null],
  [
    'twenty values',
    repeated(
      Array.from({ length: 20 }, (_, at) => `v${at + 10}`),
      2,
    ),
    Array.from({ length: 20 }, (_, at) => `v${at + 10} 2`).join(', '),
  ],
  [
    'more than twenty',
    repeated(
      Array.from({ length: 21 }, (_, at) => `v${at}`),
      9,
    ),
    null,
  ],
  ['long texts', repeated(['a', 'b'.repeat(81)], 9), null],
];

for (const [why, values, counts] of CASES)
  test(`rows by value: ${why}`, () => assert.equal(countsOf(values), counts));
