import assert from 'node:assert/strict';
import { test } from 'node:test';
import { real } from '../../../src/grade/values/complex.js';
import { derivative, endlessSum, integral, limit } from '../../../src/grade/values/calculus.js';
import { Real } from '../../../src/grade/values/realFunctions.js';

const off = (value: { re: Real } | null, wanted: number): number => Math.abs(value!.re.toNumber() - wanted);

test('integrals with ends that are infinite, or where the integrand is', () => {
  assert.ok(
    off(
      integral((x) => real(x.mul(x)), real(0), real(3)),
      9,
    ) < 1e-10,
  );
  assert.ok(
    off(
      integral((x) => real(x.mul(x)), real(3), real(0)),
      -9,
    ) < 1e-10,
  );
  assert.ok(
    off(
      integral((x) => real(x.neg().exp()), real(0), real(Infinity)),
      1,
    ) < 1e-10,
  );
  assert.ok(
    off(
      integral((x) => real(new Real(1).div(x.sqrt())), real(0), real(1)),
      2,
    ) < 1e-8,
  );
  assert.ok(
    off(
      integral((x) => real(x.mul(x).neg().exp()), real(-Infinity), real(Infinity)),
      Math.sqrt(Math.PI),
    ) < 1e-9,
  );
});

test('an integral that does not settle has no value', () => {
  assert.equal(
    integral((x) => real(new Real(1).div(x.mul(x))), real(0), real(1)),
    null,
  );
  assert.equal(
    integral(() => null, real(0), real(1)),
    null,
  );
});

test('a limit is what both sides come to', () => {
  const sinc = (x: Real): { re: Real; im: Real } => real(x.sin().div(x));
  assert.ok(off(limit(sinc, real(0), ''), 1) < 1e-12);
  const sign = (x: Real): { re: Real; im: Real } => real(x.isNegative() ? -1 : 1);
  assert.equal(limit(sign, real(0), ''), null);
  assert.equal(off(limit(sign, real(0), 'Below'), -1), 0);
  assert.ok(
    off(
      limit((x) => real(new Real(2).add(new Real(1).div(x))), real(Infinity), ''),
      2,
    ) < 1e-12,
  );
});

test('first and second derivatives', () => {
  const cube = (x: Real): { re: Real; im: Real } => real(x.pow(3));
  assert.ok(off(derivative(cube, new Real(2), 1), 12) < 1e-12);
  assert.ok(off(derivative(cube, new Real(2), 2), 12) < 1e-12);
});

test('endless sums that settle, by themselves or extrapolated', () => {
  assert.ok(
    off(
      endlessSum((at) => real(new Real(0.5).pow(at))),
      2,
    ) < 1e-12,
  );
  assert.ok(
    off(
      endlessSum((at) => real(new Real(1).div((at + 1) ** 2))),
      Math.PI ** 2 / 6,
    ) < 1e-7,
  );
  assert.equal(
    endlessSum((at) => real(new Real(1).div(at + 1))),
    null,
  );
  assert.equal(
    endlessSum((at) => real(new Real(2).pow(at))),
    null,
  );
});
