import type { Decimal } from 'decimal.js';
import { Real, angleOf, cos, cosh, exp, sin, sinh } from './realFunctions.js';

export interface Complex {
  re: Real;
  im: Real;
}

export const ZERO = new Real(0);
const ONE = new Real(1);
export const PI = Real.acos(-1);

export function real(value: Decimal.Value): Complex {
  return { re: new Real(value), im: ZERO };
}

export function isReal({ im }: Complex): boolean {
  return im.isZero();
}

export function add(a: Complex, b: Complex): Complex {
  return { re: a.re.add(b.re), im: isReal(a) && isReal(b) ? ZERO : a.im.add(b.im) };
}

export function negate(a: Complex): Complex {
  return { re: a.re.neg(), im: isReal(a) ? ZERO : a.im.neg() };
}

export function multiplyComplex(a: Complex, b: Complex): Complex {
  if (isReal(a) && isReal(b)) return { re: a.re.mul(b.re), im: ZERO };
  return { re: a.re.mul(b.re).sub(a.im.mul(b.im)), im: a.re.mul(b.im).add(a.im.mul(b.re)) };
}

export function divide(a: Complex, b: Complex): Complex {
  if (isReal(a) && isReal(b)) return { re: a.re.div(b.re), im: ZERO };
  const norm = b.re.mul(b.re).add(b.im.mul(b.im));
  const { re, im } = multiplyComplex(a, { re: b.re, im: b.im.neg() });
  return { re: re.div(norm), im: im.div(norm) };
}

export function absolute({ re, im }: Complex): Real {
  return im.isZero() ? re.abs() : re.mul(re).add(im.mul(im)).sqrt();
}

function angle({ re, im }: Complex): Real {
  return angleOf(re, im);
}

export function exponential({ re, im }: Complex): Complex {
  const size = exp(re);
  return im.isZero() ? { re: size, im: ZERO } : { re: size.mul(cos(im)), im: size.mul(sin(im)) };
}

/** Principal value. */
export function logarithm(a: Complex): Complex {
  if (isReal(a) && a.re.isPositive()) return { re: a.re.ln(), im: ZERO };
  return { re: absolute(a).ln(), im: angle(a) };
}

export function squareRoot(a: Complex): Complex {
  if (isReal(a)) {
    return a.re.isNegative() && !a.re.isZero()
      ? { re: ZERO, im: a.re.neg().sqrt() }
      : { re: a.re.sqrt(), im: ZERO };
  }
  const size = absolute(a);
  const re = size.add(a.re).div(2).sqrt();
  const im = size.sub(a.re).div(2).sqrt();
  return { re, im: a.im.isNegative() ? im.neg() : im };
}

/** Whole powers by squaring, others by the principal logarithm. */
export function power(base: Complex, exponent: Complex): Complex {
  if (isReal(base) && isReal(exponent) && (base.re.isPositive() || exponent.re.isInteger())) {
    return { re: base.re.pow(exponent.re), im: ZERO };
  }
  if (isReal(exponent) && exponent.re.isInteger() && exponent.re.abs().lte(10_000)) {
    const whole = wholePower(base, exponent.re.abs().toNumber());
    return exponent.re.isNegative() ? divide(real(1), whole) : whole;
  }
  if (absolute(base).isZero()) return real(exponent.re.gt(0) ? 0 : NaN);
  return exponential(multiplyComplex(exponent, logarithm(base)));
}

function wholePower(base: Complex, exponent: number): Complex {
  let result = real(ONE);
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = multiplyComplex(result, square);
    square = multiplyComplex(square, square);
  }
  return result;
}

/** Of the angle: what is left of a zero at 50 digits. */
const NOTHING = new Real('1e-44');

/** The sine of kπ is 0, whatever the digits of π left of it. */
function settledZero(value: Real, angle: Real): Real {
  const size = angle.abs();
  return size.gte(1) && value.abs().lte(size.mul(NOTHING)) ? ZERO : value;
}

/** (e^ia − e^−ia) / 2i. */
export function sine(a: Complex): Complex {
  if (isReal(a)) return { re: settledZero(sin(a.re), a.re), im: ZERO };
  return { re: sin(a.re).mul(cosh(a.im)), im: cos(a.re).mul(sinh(a.im)) };
}

export function cosine(a: Complex): Complex {
  if (isReal(a)) return { re: settledZero(cos(a.re), a.re), im: ZERO };
  return { re: cos(a.re).mul(cosh(a.im)), im: sin(a.re).mul(sinh(a.im)).neg() };
}
