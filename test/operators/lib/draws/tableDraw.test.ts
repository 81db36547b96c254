import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexTable, tableFault } from '../../../../src/operators/lib/draws/tableDraw.js';
import { tableOf } from '../../../helpers/tableOf.js';

const PLAN = { path: 't.csv', weight: undefined, where: [], examples: null };
const TABLE = tableOf({
  text: ['a', 'b', null, 'd'],
  level: ['easy', 'hard', null, 'hard'],
  step: [1n, 1n, 2n, 2n],
  chance: [1, 0, 1, 3],
});

function from(values: Record<string, string | bigint>, ...draws: number[]) {
  return { value: (name: string) => values[name]!, uniform: (_: string, at = 0) => draws[at]! };
}

test('a row is drawn, and the columns that are taken come under their names; a cell without a value is null', () => {
  const draw = indexTable(TABLE, {
    ...PLAN,
    taken: [
      ['topic', 'text'],
      ['step', 'step'],
    ],
  });
  assert.deepEqual(
    draw(from({}, 0.3)),
    new Map<string, unknown>([
      ['topic', 'b'],
      ['step', 1n],
    ]),
  );
  assert.deepEqual(
    draw(from({}, 0.5)),
    new Map<string, unknown>([
      ['topic', null],
      ['step', 2n],
    ]),
  );
});

test('conditions: only rows of the same values fit; one without a value fits none', () => {
  const taken = [['topic', 'text']] as const;
  const draw = indexTable(TABLE, {
    ...PLAN,
    taken,
    where: [
      ['grade', 'level'],
      ['n', 'step'],
    ],
  });
  assert.deepEqual(draw(from({ grade: 'hard', n: 2n }, 0)), new Map([['topic', 'd']]));
  assert.equal(
    draw(from({ grade: 'odd', n: 2n }, 0)),
    '0 rows of t.csv fit grade odd, n 2, expected 1 or more',
  );
  assert.equal(
    draw(from({ grade: 'null', n: 2n }, 0)),
    '0 rows of t.csv fit grade null, n 2, expected 1 or more',
  );
});

test('weights are those of the rows that fit, and a row of weight 0 is never drawn', () => {
  const taken = [['topic', 'text']] as const;
  const all = indexTable(TABLE, { ...PLAN, taken, weight: 'chance' });
  const drawn = [0, 0.19, 0.21, 0.39, 0.41, 0.99].map((uniform) =>
    (all(from({}, uniform)) as Map<string, string>).get('topic'),
  );
  assert.deepEqual(drawn, ['a', 'a', null, null, 'd', 'd']);
  const hard = indexTable(TABLE, { ...PLAN, taken, weight: 'chance', where: [['level', 'level']] });
  assert.deepEqual(hard(from({ level: 'hard' }, 0)), new Map([['topic', 'd']]));
});

test('several rows become one list of structs, each row once', () => {
  const taken = [
    ['topic', 'text'],
    ['level', 'level'],
  ] as const;
  const draw = indexTable(TABLE, { ...PLAN, taken, examples: { rows: 2, as: 'shots' } });
  assert.deepEqual(
    draw(from({}, 0.8, 0.5)),
    new Map([
      [
        'shots',
        [
          { topic: 'd', level: 'hard' },
          { topic: null, level: null },
        ],
      ],
    ]),
  );
  const hard = indexTable(TABLE, {
    ...PLAN,
    taken,
    where: [['level', 'level']],
    examples: { rows: 3, as: 'shots' },
  });
  assert.equal(hard(from({ level: 'hard' })), '2 rows of t.csv fit level hard, expected 3 or more');
});

test('faults of a table: too few rows, weights that are none', () => {
  const fault = (chance: (number | null)[], rows?: number) =>
    tableFault(tableOf({ chance }), { path: 't.csv', weight: 'chance', rows });
  assert.equal(fault([1, 0]), null);
  assert.deepEqual(fault([1], 2), { at: ['path'], message: 'found 1 rows in t.csv, expected at least 2' });
  assert.match(fault([1, -2])!.message, /found -2 in row 1 of t.csv/);
  assert.match(fault([null])!.message, /found null in row 0/);
  assert.match(fault([0, 0])!.message, /nothing but 0/);
  assert.equal(tableFault(tableOf({ text: [] }), { path: 't.csv' })!.at[0], 'path');
});
