import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellOf } from '../../src/arrow/cellOf.js';

test('a cell is what a row has, and nothing that every object inherits', () => {
  const row = { question: 'q', n: 0, toString: 'own', empty: null };
  assert.deepEqual(
    ['question', 'n', 'toString', 'empty', 'absent', 'constructor', 'hasOwnProperty'].map((name) =>
      cellOf(row, name),
    ),
    ['q', 0, 'own', null, null, null, null],
  );
});

test('a row may be of a class that computes its cells', () => {
  class Row {
    get question(): string {
      return 'computed';
    }
  }
  assert.equal(cellOf(new Row() as never, 'question'), 'computed');
});
