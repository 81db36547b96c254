import assert from 'node:assert/strict';
import { test } from 'node:test';
import { briefly } from '../../../src/pipeline/yaml/briefly.js';

const VALUES: [value: unknown, text: string][] = [
  [undefined, 'nothing'],
  [null, 'null'],
  ['a "b"\n', '"a \\"b\\"\\n"'],
  [{ a: [1, true, null], b: {} }, '{"a":[1,true,null],"b":{}}'],
  [[], '[]'],
  [NaN, 'NaN'],
  [-Infinity, '-Infinity'],
];

for (const [value, text] of VALUES)
  test(`${text} is printed whole`, () => assert.equal(briefly(value), text));

test('of a long value the first 77 characters are printed', () => {
  assert.equal(briefly('x'.repeat(1e6)), `"${'x'.repeat(76)}...`);
  const numbers = Array.from({ length: 1000 }, (_, at) => at);
  assert.equal(briefly(numbers), `${JSON.stringify(numbers).slice(0, 77)}...`);
});

test('a value is looked at no further than it is printed', () => {
  const far = Object.assign(Array(200).fill('x'), {});
  Object.defineProperty(far, 199, { get: () => assert.fail('looked too far'), enumerable: true });
  assert.equal(briefly(far).length, 80);
});
