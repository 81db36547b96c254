import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Complex,
  PI,
  ZERO,
  absolute,
  add,
  cosine,
  divide,
  exponential,
  isReal,
  logarithm,
  multiplyComplex,
  negate,
  power,
  real,
  sine,
  squareRoot,
} from '../../../src/grade/values/complex.js';
import { Real } from '../../../src/grade/values/realFunctions.js';

const I: Complex = { re: ZERO, im: new Real(1) };

function of(re: number | string, im: number | string = 0): Complex {
  return { re: new Real(re), im: new Real(im) };
}

/** To 45 digits. */
function assertNear(found: Complex, expected: Complex): void {
  const apart = absolute(add(found, negate(expected)));
  const size = Real.max(1, absolute(expected));
  assert.ok(
    apart.lte(size.mul('1e-45')),
    `found ${found.re} + ${found.im}i, expected ${expected.re} + ${expected.im}i`,
  );
}

test('sum, product, quotient and size', () => {
  assertNear(add(of(1, 2), of(3, -5)), of(4, -3));
  assertNear(multiplyComplex(of(1, 2), of(3, -5)), of(13, 1));
  assertNear(divide(of(13, 1), of(3, -5)), of(1, 2));
  assert.equal(absolute(of(3, -4)).toString(), '5');
  assert.equal(absolute(of(-3)).toString(), '3');
});

test('real numbers stay real: no trace of an imaginary part is left', () => {
  const results = [
    ...[
      add(real(1), real(2)),
      multiplyComplex(real(-3), real(0.1)),
      divide(real(1), real(3)),
      negate(real(7)),
    ],
    ...[power(real(-2), real(3)), exponential(real(1)), sine(real(2)), cosine(real(2)), logarithm(real(2))],
  ];
  assert.deepEqual(
    results.map(isReal),
    results.map(() => true),
  );
  assert.equal(isReal(I), false);
});

test('roots: of a negative number on the imaginary axis, of a complex one the principal root', () => {
  assertNear(squareRoot(real(-9)), of(0, 3));
  assertNear(squareRoot(of(3, 4)), of(2, 1));
  assertNear(squareRoot(of(3, -4)), of(2, -1));
  assert.ok(isReal(squareRoot(real(0))));
});

test('Euler: e^(iπ) is −1, and ln(−1) is iπ', () => {
  assertNear(exponential({ re: ZERO, im: PI }), of(-1));
  assertNear(logarithm(real(-1)), { re: ZERO, im: PI });
  assertNear(logarithm(I), { re: ZERO, im: PI.div(2) });
});

test('powers: whole, negative and of i; others by the principal logarithm', () => {
  assertNear(power(I, real(2)), of(-1));
  assertNear(power(of(1, 1), real(8)), of(16));
  assertNear(power(of(1, 1), real(-2)), of(0, -0.5));
  assertNear(power(real(2), real(0.5)), { re: new Real(2).sqrt(), im: ZERO });
  assertNear(power(I, I), { re: PI.div(-2).exp(), im: ZERO });
  assertNear(power(of(0), real(0.5)), of(0));
});

test('0 to a power that is not positive has no value', () => {
  assert.ok(power(of(0), I).re.isNaN());
  assert.ok(!power(of(0), real(-0.5)).re.isFinite());
});

test('sine and cosine off the real axis: sin² + cos² is 1, and sin i is i sinh 1', () => {
  const z = of(0.7, -1.3);
  assertNear(add(power(sine(z), real(2)), power(cosine(z), real(2))), of(1));
  assertNear(sine(I), { re: ZERO, im: new Real(1).sinh() });
  assertNear(cosine(I), { re: new Real(1).cosh(), im: ZERO });
});
