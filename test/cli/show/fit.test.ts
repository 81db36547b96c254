import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cutLines,
  cutTo,
  fittedTable,
  flowed,
  padLeft,
  padRight,
  widthOf,
} from '../../../src/cli/show/fit.js';

const WIDE = '読み込み中';
const FAMILY = '👨‍👩‍👧';
const COMBINED = 'e\u0301'.repeat(5);

test('a text takes the columns that a terminal gives it', () => {
  assert.deepEqual([WIDE, FAMILY, COMBINED, '\x1b[31mred\x1b[39m'].map(widthOf), [10, 2, 5, 3]);
  assert.equal(padRight(WIDE, 12), `${WIDE}  `);
  assert.equal(padLeft('é', 3), '  é');
});

test('a cut text is never wider than it may be, and no character of it is cut in two', () => {
  for (const text of [WIDE, FAMILY.repeat(4), COMBINED, 'plain text', `\x1b[32m${WIDE}\x1b[39m`]) {
    for (let columns = 1; columns <= 12; columns++) {
      const cut = cutTo(text, columns);
      assert.ok(widthOf(cut) <= columns, `${JSON.stringify(cut)} in ${columns}`);
      assert.ok(cut === text || cut.includes('…'));
      assert.ok(!/[\ud800-\udbff](?![\udc00-\udfff])/.test(cut));
    }
  }
  assert.equal(cutTo('a', 0), '');
});

test('facts flow into as many lines as they need', () => {
  assert.deepEqual(flowed(['one', 'two', 'three', 'a very long fact'], 9), [
    'one · two',
    'three',
    'a very l…',
  ]);
});

const TABLE = [
  { title: 'step', rank: 0, cells: ['judgeSolvability', '生成'] },
  { title: 'kept', rank: 1, cells: ['1,234', '7'] },
  { title: 'dropped', rank: 2, cells: ['12', '0'] },
  { title: 'rows/s', rank: 3, cells: ['4.2', '0'] },
];

test('a narrow table has fewer columns, the least wanted first; numbers stand under each other', () => {
  assert.deepEqual(fittedTable(TABLE, 60), [
    'step               kept  dropped  rows/s',
    'judgeSolvability  1,234       12     4.2',
    '生成                  7        0       0',
  ]);
  assert.deepEqual(fittedTable(TABLE, 28), [
    'step           kept  dropped',
    'judgeSolvab…  1,234       12',
    '生成              7        0',
  ]);
  assert.equal(fittedTable(TABLE, 20)[0], 'step            kept');
  for (let columns = 1; columns < 60; columns++) {
    const lines = fittedTable(TABLE, columns);
    assert.equal(lines.length, 3);
    assert.ok(
      lines.every((line) => widthOf(line) <= columns),
      `${columns}: ${lines[1]}`,
    );
  }
  assert.deepEqual(fittedTable([], 10), []);
});

test('what does not fit the height is counted', () => {
  assert.deepEqual(cutLines(['a', 'b', 'c', 'd'], 3), ['a', 'b', '… 2 more']);
  assert.deepEqual(cutLines(['a'], 1), ['a']);
  assert.deepEqual(cutLines(['a', 'b'], 1), []);
});
