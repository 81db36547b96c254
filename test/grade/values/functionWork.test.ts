import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Complex, real } from '../../../src/grade/values/complex.js';
import { functionWork, powerWork } from '../../../src/grade/values/functionWork.js';
import { Real } from '../../../src/grade/values/realFunctions.js';

const complex: Complex = { re: new Real(2), im: new Real(3) };

test('a logarithm with a base is two logarithms', () => {
  const once = functionWork('ln', [real(7)]);
  assert.ok(functionWork('log', [real(7), real(3)]) >= 2 * once);
  assert.ok(functionWork('log', [real(7)]) >= 2 * once);
  assert.ok(functionWork('log', [complex, real(3)]) > functionWork('log', [real(7), real(3)]));
});

test('functions of complex numbers cost what those of their parts do', () => {
  for (const name of ['sqrt', 'ln', 'exp', 'sin', 'tan', 'root'])
    assert.ok(functionWork(name, [complex]) > functionWork(name, [real(2)]), name);
});

test('what repeats itself costs as often: powers, factorials, binomials, exponentials of large numbers', () => {
  assert.ok(powerWork(real(3), real(2 ** 53 - 1)) > 5 * powerWork(real(3), real(2)));
  assert.ok(powerWork(real(3), real(0.5)) > powerWork(real(3), real(2 ** 53 - 1)));
  assert.ok(powerWork(complex, real(10_000)) > powerWork(complex, real(2)));
  assert.ok(powerWork(complex, complex) >= powerWork(complex, real(10_000)));
  assert.ok(functionWork('factorial', [real(200)]) >= 100);
  assert.ok(functionWork('binom', [real(0.5), real(200)]) >= 400);
  assert.ok(functionWork('exp', [real(1e9)]) > functionWork('exp', [real(1)]));
});

test('of any values it is a whole number, whatever they are', () => {
  for (const value of [real('1e900000000'), real('-1e-900000000'), real(0), complex])
    for (const name of ['exp', 'sinh', 'factorial', 'binom', 'log', 'max', 'arctan'])
      assert.ok(Number.isSafeInteger(functionWork(name, [value, value])), name);
});
