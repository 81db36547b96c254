import { Decimal } from 'decimal.js';

/** Numbers of 50 digits; what overflows is caught by the caller as not finite. */
export const Real = Decimal.clone({ precision: 50, maxE: 1e9, minE: -1e9, toExpPos: 100, toExpNeg: -100 });
export type Real = Decimal;

// The functions for which decimal.js takes time or digits without a bound: its hyperbolic ones add up as many terms as the argument is
// large, or count in as many digits as its exponent; its arc tangent never ends where the square of the argument overflows. These take
// about as long as an exponential, for any argument.

/** Beyond it the digits of an angle say nothing at our precision, and reducing it costs ever more. */
const ANGLE_MAX = 1e15;
/** Where e^-x is no part of the digits of e^x any more. */
const LARGE = new Real('1e30');
const SMALL = new Real('1e-30');
/** From here on e^x and e^-x are far enough apart for their difference to keep its digits. */
const APART = 1;

const NOT_A_NUMBER = new Real(NaN);

/** NaN beyond ±1e15. */
export function sin(x: Real): Real {
  return x.abs().gt(ANGLE_MAX) ? NOT_A_NUMBER : x.sin();
}

/** NaN beyond ±1e15. */
export function cos(x: Real): Real {
  return x.abs().gt(ANGLE_MAX) ? NOT_A_NUMBER : x.cos();
}

/** ln of the largest number that we keep. */
const EXPONENT_MAX = 2.4e9;

/** Infinite or 0 beyond our numbers, which decimal.js finds out only after it has computed it. */
export function exp(x: Real): Real {
  if (x.abs().lt(EXPONENT_MAX)) return x.exp();
  return new Real(x.isNegative() ? 0 : Infinity);
}

export function sinh(x: Real): Real {
  if (x.abs().lt(APART)) return x.sinh();
  const up = exp(x.abs());
  const size = up.sub(inverse(up)).div(2);
  return x.isNegative() ? size.neg() : size;
}

export function cosh(x: Real): Real {
  const up = exp(x.abs());
  return up.add(inverse(up)).div(2);
}

export function tanh(x: Real): Real {
  if (x.abs().lt(APART)) return x.tanh();
  const size = new Real(1).sub(new Real(2).div(exp(x.abs().mul(2)).add(1)));
  return x.isNegative() ? size.neg() : size;
}

const HALF_PI = Real.acos(0);

export function arctan(x: Real): Real {
  const size = x.abs();
  if (size.lt(SMALL)) return x;
  if (size.lt(LARGE)) return x.atan();
  const angle = HALF_PI.sub(inverse(size));
  return x.isNegative() ? angle.neg() : angle;
}

/** Of the point (x, y), which is not (0, 0): above -π, at most π. */
export function angleOf(x: Real, y: Real): Real {
  if (y.isZero()) return x.isNegative() ? HALF_PI.mul(2) : y;
  if (x.isZero()) return y.isNegative() ? HALF_PI.neg() : HALF_PI;
  const angle = arctan(y.div(x));
  if (!x.isNegative()) return angle;
  return y.isNegative() ? angle.sub(HALF_PI.mul(2)) : angle.add(HALF_PI.mul(2));
}

export function arsinh(x: Real): Real {
  const size = x.abs();
  if (size.lt(SMALL)) return x;
  if (size.lt(LARGE)) return x.asinh();
  return x.isNegative() ? size.mul(2).ln().neg() : size.mul(2).ln();
}

/** NaN below 1. */
export function arcosh(x: Real): Real {
  return x.lt(LARGE) ? x.acosh() : x.mul(2).ln();
}

/** Of a whole number; one beyond the digits that we keep counts as even. */
export function isOdd(x: Real): boolean {
  return x.abs().lt(1e50) && x.isInteger() && !x.mod(2).isZero();
}

/** 0 for what is infinite. */
function inverse(x: Real): Real {
  return new Real(1).div(x);
}
