import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basedOf, digitsOf } from '../../../src/grade/parse/based.js';

test('a number says its base as an index, in words or by its beginning', () => {
  for (const text of [
    '2A_{16}',
    '2a_{16}',
    '\\text{2A}_{16}',
    '(2A)_{16}',
    '0x2A',
    '2A in base 16',
    '2A (base 16)',
    '2A_{\\text{hex}}',
  ])
    assert.deepEqual(basedOf(text), { kind: 'based', digits: '2A', base: 16 }, text);
  assert.deepEqual(basedOf('1010_{two}'), { kind: 'based', digits: '1010', base: 2 });
});

test('digits beyond the base, names and plain numbers say none', () => {
  for (const text of ['2A_4', '12_2', 'x_2', 'A_n', '12', '3E']) assert.equal(basedOf(text), null, text);
});

test('digits with letters may be a number in a base that is not said', () => {
  assert.deepEqual(digitsOf('2A'), { kind: 'based', digits: '2A', base: 0 });
  assert.equal(digitsOf('12'), null);
  assert.equal(digitsOf('x'), null);
});
