import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import { fromRows } from '../../src/flow/fromRows.js';

const ROWS = [
  { text: 'a', score: 1 },
  { text: 'b', score: null },
  { text: 'c', score: 3 },
] as const;

test('rows are read in pieces, with their positions, and end', async () => {
  const read = fromRows({ text: 'string', score: 'float64' }, ROWS);
  const first = (await read(0, 2))!;
  const second = (await read(2, 2))!;
  assert.deepEqual(columnValues(first, 'seq'), [0, 1]);
  assert.deepEqual(columnValues(first, 'score'), [1, null]);
  assert.deepEqual(columnValues(second, 'seq'), [2]);
  assert.deepEqual(columnValues(second, 'text'), ['c']);
  assert.equal(await read(3, 2), null);
});

test('other properties are left out, and a value that is not there is missing', async () => {
  const rows = [{ text: 'a', more: 1 }, { more: 2 }] as unknown as { text: string }[];
  const read = (await fromRows({ text: 'string' }, rows)(0, 9))!;
  const inherited = (await fromRows({ constructor: 'string' }, rows as never)(0, 9))!;
  assert.deepEqual(columnValues(inherited, 'constructor'), [null, null]);
  assert.deepEqual(
    read.schema.fields.map(({ name }) => name),
    ['seq', 'text'],
  );
  assert.deepEqual(columnValues(read, 'text'), ['a', null]);
});

test('a value of another type is an error with its column and row', () => {
  const rows = [{ text: 'a' }, { text: 3 as unknown as string }];
  assert.throws(() => fromRows({ text: 'string' }, rows)(0, 9), {
    code: 'ERR_INVARIANT',
    message: /column "text", row 1: found 3, expected a string/,
  });
});
