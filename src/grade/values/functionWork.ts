import { type Complex, isReal } from './complex.js';
import type { Real } from './realFunctions.js';

/**
 * Units of work that the arithmetic of 50 digits takes, of about 2 µs each: the most that was measured for any argument.
 * `test/world/longAnswers.test.ts` tries rows and chains of each function. What is made of several functions costs what they cost together.
 */

export const SUM_WORK = { real: 2, complex: 8 };
export const PRODUCT_WORK = { real: 3, complex: 10 };
export const QUOTIENT_WORK = { real: 6, complex: 25 };
/** To read a number and divide it by its denominator. */
export const NUMBER_WORK = 5;
/** To draw the value of a variable. */
export const SAMPLE_WORK = 3;

const ROOT = { real: 20, complex: 125 };
const LOGARITHM = { real: 300, complex: 1300 };
const CIRCULAR = 175;
/** A real power that is no whole one. */
const REAL_POWER = 550;
const COMPLEX_POWER = LOGARITHM.complex + 900;
const WHOLE_MAX = Number.MAX_SAFE_INTEGER;

function kindOf(value: Complex): 'real' | 'complex' {
  return isReal(value) ? 'real' : 'complex';
}

/** It halves its argument until it is small, and squares as often. */
function exponentialWork(x: Real): number {
  return 130 + 25 * Math.min(10, Math.max(0, x.e));
}

/** Of the sine or cosine alone. */
function circularWork({ re, im }: Complex): number {
  if (im.isZero()) return re.abs().lt(10) ? CIRCULAR : CIRCULAR + 20;
  return 2 * CIRCULAR + 2 * exponentialWork(im) + 20;
}

const hyperbolicWork = ({ re }: Complex): number => exponentialWork(re) + 60;
const logarithmWork = (value: Complex): number => LOGARITHM[kindOf(value)];

const WORK = new Map<string, (value: Complex) => number>([
  ['sqrt', (value) => ROOT[kindOf(value)]],
  ['cbrt', () => 45],
  ['abs', ({ im }) => (im.isZero() ? 1 : 30)],
  ['ln', logarithmWork],
  ['exp', (value) => exponentialWork(value.re) + (isReal(value) ? 0 : 2 * CIRCULAR + 20)],
  ...['sin', 'cos', 'sec', 'csc', 'sinc'].map((name) => [name, circularWork] as const),
  ...['tan', 'cot'].map((name) => [name, (value: Complex) => 2 * circularWork(value) + 50] as const),
  ...['sinh', 'cosh', 'tanh', 'coth', 'sech', 'csch'].map((name) => [name, hyperbolicWork] as const),
  ...['arsinh', 'arcosh', 'artanh', 'arcoth', 'arsech', 'arcsch'].map((name) => [name, () => 400] as const),
  ...['arctan', 'arccot'].map((name) => [name, () => 650] as const),
  ...['arcsin', 'arccos', 'arcsec', 'arccsc'].map((name) => [name, () => 1100] as const),
  ['factorial', ({ re }) => 2 + countOf(re) / 2],
]);

/** Of the whole numbers up to it, as far as anybody multiplies them. */
function countOf(value: Real): number {
  return Math.min(200, Math.max(0, value.toNumber())) || 0;
}

export function powerWork(base: Complex, exponent: Complex): number {
  const isWhole = isReal(exponent) && exponent.re.isInteger();
  const size = isWhole ? exponent.re.abs().toNumber() : Infinity;
  const steps = Math.log2(1 + Math.min(size, WHOLE_MAX));
  if (isReal(base)) {
    if (size <= WHOLE_MAX) return 20 + 5 * steps;
    return isReal(exponent) && !base.re.isNegative() ? REAL_POWER : COMPLEX_POWER;
  }
  return size <= 10_000 ? 30 + 20 * steps : COMPLEX_POWER;
}

/** Of a function of these values; rounded down. */
export function functionWork(name: string, values: readonly Complex[]): number {
  return Math.floor(workOf(name, values));
}

function workOf(name: string, values: readonly Complex[]): number {
  const [first, second] = values as [Complex, Complex | undefined];
  if (name === 'log') return logarithmWork(first) + (second ? logarithmWork(second) : LOGARITHM.real) + 25;
  if (name === 'root') return isReal(first) ? REAL_POWER + 20 : COMPLEX_POWER;
  if (name === 'binom') return 2 + 2 * (second ? countOf(second.re) : 0);
  return WORK.get(name)?.(first) ?? 2 * values.length;
}
