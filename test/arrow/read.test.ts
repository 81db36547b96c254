import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dictionary, Int32, Uint16, RecordBatch, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { sliceRows } from '../../src/arrow/concat.js';
import { columnValues, hasColumn } from '../../src/arrow/read.js';
import { anyRows, asStored } from './arbitraries.js';

test('a slice of a slice reads the rows of the whole', () => {
  fc.assert(
    fc.property(anyRows(), fc.nat(), fc.nat(), fc.nat(), ({ columns, values, rowCount, rows }, a, b, c) => {
      const from = a % (rowCount + 1);
      const to = from + (b % (rowCount - from + 1));
      const cut = c % (to - from + 1);
      const slice = sliceRows(sliceRows(rows, from, to), cut, to - from);
      columns.forEach(({ name }, at) => {
        assert.deepEqual(columnValues(slice, name), values[at]!.slice(from + cut, to).map(asStored));
      });
    }),
  );
});

test('reads dictionary-encoded text, with nulls', () => {
  const type = new Dictionary(new Utf8(), new Int32());
  const vector = vectorFromArray(['a', 'b', null, 'a'], type);
  const rows = new RecordBatch({ word: vector.data[0]! });
  assert.deepEqual(columnValues(rows, 'word'), ['a', 'b', null, 'a']);
});

test('says which columns there are, and which types it reads', () => {
  const rows = new RecordBatch({ big: vectorFromArray([1], new Uint16()).data[0]! });
  assert.equal(hasColumn(rows, 'big'), true);
  assert.equal(hasColumn(rows, 'seq'), false);
  assert.throws(() => columnValues(rows, 'seq'), {
    code: 'ERR_INVARIANT',
    message: /no column "seq", found: big/,
  });
  assert.throws(() => columnValues(rows, 'big'), /column "big" has the Arrow type Uint16, expected/);
});
