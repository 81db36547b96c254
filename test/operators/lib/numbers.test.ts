import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNumbers } from '../../../src/operators/lib/numbers.js';

test('gives all numbers in their order, however many there are', () => {
  const numbers = createNumbers();
  assert.deepEqual([...numbers.all()], []);
  const given = Array.from({ length: 5000 }, (_, at) => at / 3);
  for (const value of given) numbers.add(value);
  assert.deepEqual([...numbers.all()], given);
});
