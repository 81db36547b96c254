import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sliceRows } from '../../src/arrow/concat.js';
import { columnValues } from '../../src/arrow/read.js';
import { buildRows } from '../../src/arrow/build.js';
import type { StepResult } from '../../src/flow/stepResults/stepResult.js';
import { decodeResults, decodeRows, encodeResults, encodeRows } from '../../src/workers/unitCodec.js';

const COLUMNS = [
  { name: 'seq', type: 'int32', help: '' },
  { name: 'question', type: 'string', help: '', nullable: true },
  { name: 'rewards', type: 'list<float64>', help: '' },
] as const;

const ROWS = buildRows(
  COLUMNS,
  [
    [3, 4, 7, 9],
    ['a', null, 'größer', ''],
    [[1.5], [], [-0, 2], [0.1]],
  ],
  4,
);

function plain(rows: typeof ROWS): unknown[] {
  return rows.schema.fields.map(({ name, type, nullable }) => [
    name,
    `${type}`,
    nullable,
    columnValues(rows, name),
  ]);
}

test('rows come back with their columns, also a slice of them and none', () => {
  for (const rows of [ROWS, sliceRows(ROWS, 1, 3), sliceRows(ROWS, 2, 2)])
    assert.deepEqual(plain(decodeRows(encodeRows(rows))), plain(rows));
});

test('step results come back: columns, row numbers, events, and that one may differ another time', () => {
  const lost = {
    kind: 'rejected',
    ...{ seq: 4, seqIndex: 0, step: 's', reason: 'ROW_EMPTY' },
    ...{ message: 'größer', question: null, reply: 'a' },
  } as const;
  const results: StepResult[] = [
    { rowsIn: 4, from: [0, 1, 2, 3], written: ROWS, events: [] },
    { rowsIn: 4, from: [0, 2, 2], written: null, events: [lost], mayDiffer: true },
    { rowsIn: 3, from: [], written: sliceRows(ROWS, 0, 0), events: [] },
  ];
  const bytes = encodeResults(results);
  // As the body of a message lies in memory.
  const found = decodeResults(Uint8Array.from(bytes));
  for (const [at, { written, ...rest }] of found.entries()) {
    const { written: sent, ...sentRest } = results[at]!;
    assert.deepEqual(rest, sentRest);
    assert.deepEqual(written && plain(written), sent && plain(sent));
  }
  assert.equal(found.length, 3);
});
