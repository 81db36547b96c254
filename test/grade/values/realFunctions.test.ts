import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf } from '../../../bench/linear/readers.js';
import * as functions from '../../../src/grade/values/realFunctions.js';

const { Real, arcosh, arsinh, cos, cosh, isOdd, sin, sinh, tanh } = functions;
type Real = functions.Real;

const SIZES = [-1e8, -1e5, -300, -31, -29, -3, -1, 0, 1, 2, 14, 16, 29, 31, 300, 1e5, 1e8].flatMap(
  (exponent) => ['1', '1.2345678901234567', '-7.7'].map((digits) => new Real(`${digits}e${exponent}`)),
);
const CPU_MS_MAX = 50;

for (const [name, change] of Object.entries({ sin, cos, sinh, cosh, tanh, arsinh, arcosh, isOdd })) {
  test(`${name} takes bounded time at any size, and throws nothing`, () => {
    for (const x of SIZES) {
      const once = (): number => cpuMsOf(() => change(x));
      assert.ok(once() < CPU_MS_MAX || once() < CPU_MS_MAX, `${name}(${x.toString()})`);
    }
  });
}

/** The same function of decimal.js, where its time is bounded. */
const PLAIN: [name: string, own: (x: Real) => Real, plain: (x: Real) => Real, inputs: string[]][] = [
  ['sinh', sinh, (x) => x.sinh(), ['-40', '-1', '-0.999', '-1e-20', '0', '1e-60', '0.3', '1', '2.5', '90']],
  ['cosh', cosh, (x) => x.cosh(), ['-40', '-1', '-1e-20', '0', '0.3', '1', '2.5', '90']],
  ['tanh', tanh, (x) => x.tanh(), ['-40', '-1', '-0.999', '-1e-20', '0', '1e-60', '0.3', '1', '2.5', '90']],
  ['arsinh', arsinh, (x) => x.asinh(), ['-1e40', '-2', '-1e-25', '0', '0.5', '1e29', '1e31', '1e60']],
  ['arcosh', arcosh, (x) => x.acosh(), ['1', '1.5', '1e29', '1e31', '1e60']],
];

for (const [name, own, plain, inputs] of PLAIN) {
  test(`${name} has the value of the series, to 45 digits`, () => {
    for (const input of inputs) {
      const [x, y] = [own(new Real(input)), plain(new Real(input))];
      assert.ok(
        x.sub(y).abs().lte(y.abs().mul('1e-45')),
        `${name}(${input}): ${x.toString()}, ${y.toString()}`,
      );
    }
  });
}

test('what lies far beyond the digits', () => {
  assert.equal(tanh(new Real('1e100')).toString(), '1');
  assert.equal(tanh(new Real('-1e100')).toString(), '-1');
  assert.equal(sinh(new Real('-1e100')).toString(), '-Infinity');
  assert.equal(arsinh(new Real('1e-1000')).toString(), '1e-1000');
  assert.ok(sin(new Real('1e3000')).isNaN());
  assert.ok(arcosh(new Real('-1e40')).isNaN());
  assert.deepEqual(
    ['-3', '4', '2.5', '1e49', '1e1000000'].map((x) => isOdd(new Real(x))),
    [true, false, false, false, false],
  );
});
