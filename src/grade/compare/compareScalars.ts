import { deriveUniform } from '../../random.js';
import { type Budget, overLimit, spend } from './budget.js';
import { type Complex, absolute, isReal, multiplyComplex, real } from '../values/complex.js';
import { type Exact, exactValue, isExact } from '../values/exact.js';
import {
  type Expression,
  hasKind,
  infinitySign,
  isInfinite,
  partsOf,
  symbolsOf,
} from '../parse/expression.js';
import { SAMPLE_WORK } from '../values/functionWork.js';
import { fractionValue, numericValue, pointOf } from '../values/numeric.js';
import { Real } from '../values/realFunctions.js';

/** What a comparison needs beside the two answers. */
export interface Comparison {
  budget: Budget;
  /** The points at which expressions with variables are compared follow from it. */
  seed: number;
}

/** Of about 45 sound digits. */
const RELATIVE = new Real('1e-30');
/** Of the largest term: what cancellation may leave of nothing. */
const CANCELLED = new Real('1e-38');
/** A decimal of so many digits stands for any number that rounds to it. */
const ROUNDED_DIGITS_MIN = 6;
const POINTS = 9;
const POINTS_MIN = 3;
/** An integral takes as long as sixty values. */
const CALCULUS_POINTS = 4;
const IS_CALCULUS = /^(?:integral|antiderivative|limit|derivative)/;

/** With an integral, or a sum without an end. */
function isDear(expression: Expression): boolean {
  if (expression.kind === 'call' && IS_CALCULUS.test(expression.name)) return true;
  if (expression.kind === 'call' && expression.name === 'sum' && isInfinite(expression.args[3]!)) return true;
  return partsOf(expression).some(isDear);
}
/** With those that are tried where fewer than that many say anything. */
const POINTS_MAX = 15;
/** To compare two values. */
const POINT_WORK = 10;

/** Whether two expressions are the same number, or the same function of their variables. */
export function sameScalar(left: Expression, right: Expression, comparison: Comparison): boolean {
  const symbols = [...new Set([...symbolsOf(left), ...symbolsOf(right)])].sort();
  if (symbols.length === 0) return sameNumber(left, right, comparison);
  return sameFunction(left, right, symbols, comparison);
}

function sameNumber(left: Expression, right: Expression, { budget }: Comparison): boolean {
  if (isInfinite(left) || isInfinite(right)) return infinitySign(left) === infinitySign(right);
  const [a, b] = [exactValue(left, budget), exactValue(right, budget)];
  if (isExact(a) && isExact(b) && a.equals(b)) return true;
  if (isRounded(left, right, a, b, budget)) return true;
  if (isExact(a) && isExact(b)) return false;
  const point = pointOf(new Map(), budget);
  const [x, y] = [numericValue(left, point), numericValue(right, point)];
  if (!x || !y) return sameWriting(left, right);
  if (!near(x, y, point.termMax, point.blur)) return false;
  // Two numbers of a million digits may agree in the first fifty.
  if (a === 'tooLarge' || b === 'tooLarge') {
    if (sameWriting(left, right)) return true;
    throw overLimit(`has a number of more than ${budget.limits.bitsMax} bits`);
  }
  return true;
}

/** `blur`: how far, relative to the larger of 1 and their size, the two may be off because of how they were found. */
export function near(a: Complex, b: Complex, termMax: Real, blur = 0): boolean {
  const apart = absolute({ re: a.re.sub(b.re), im: a.im.sub(b.im) });
  const size = Real.max(absolute(a), absolute(b));
  if (apart.lte(size.mul(RELATIVE)) || apart.lte(termMax.mul(CANCELLED))) return true;
  return blur > 0 && apart.lte(Real.max(1, size).mul(blur));
}

/** A long decimal against the number that it is rounded from: half a unit of its last digit. */
function isRounded(left: Expression, right: Expression, a: Exact, b: Exact, budget: Budget): boolean {
  const [l, r] = [decimalPlaces(left), decimalPlaces(right)];
  if (l === null && r === null) return false;
  spend(budget, DECIMAL_WORK);
  const x = realValue(left, a, budget);
  const y = realValue(right, b, budget);
  if (!x || !y) return false;
  return isDecimalOf(x, l, y) || isDecimalOf(y, r, x);
}

/** Rounded to its last digit, cut off behind it, or as a double is printed. */
function isDecimalOf(decimal: Real, places: Places | null, value: Real): boolean {
  if (places === null) return false;
  const apart = decimal.sub(value).abs();
  const unit = new Real(10).pow(-places.behind);
  if (apart.lte(unit.mul('0.5000000001'))) return true;
  const isCut = decimal.abs().lt(value.abs()) && decimal.isNegative() === value.isNegative();
  if (isCut && apart.lt(unit)) return true;
  return places.digits >= DOUBLE_DIGITS_MIN && apart.lte(value.abs().mul(DOUBLE));
}

interface Places {
  digits: number;
  /** Digits behind the point; fewer than 0 where the last one stands for tens or more. */
  behind: number;
}

/** JavaScript and Python print a double in up to 17 digits. */
const DOUBLE_DIGITS_MIN = 16;
/** Twice the relative distance of two doubles. */
const DOUBLE = new Real('4.5e-16');

function realValue(expression: Expression, exact: Exact, budget: Budget): Real | null {
  if (isExact(exact)) return fractionValue(exact);
  const value = numericValue(expression, pointOf(new Map(), budget));
  return value && isReal(value) ? value.re : null;
}

/** Of a decimal with enough digits, as a decimal or times a power of ten; else null. */
function decimalPlaces(expression: Expression): Places | null {
  if (expression.kind === 'negative' || expression.kind === 'quantity') return decimalPlaces(expression.of);
  if (expression.kind === 'number') {
    if (expression.digits < ROUNDED_DIGITS_MIN) return null;
    const first = fractionValue(expression.value);
    const { digits } = expression;
    return first.isZero() ? null : { digits, behind: digits - 1 - first.e };
  }
  return expression.kind === 'product' ? scientificPlaces(expression.factors) : null;
}

/** `6.02214 \times 10^{23}`. */
function scientificPlaces([decimal, power, ...more]: readonly Expression[]): Places | null {
  if (!decimal || more.length > 0 || power?.kind !== 'power') return null;
  const { base, exponent } = power;
  const of = exponent.kind === 'negative' ? exponent.of : exponent;
  if (base.kind !== 'number' || !base.value.equals(10) || of.kind !== 'number' || of.value.d !== 1n)
    return null;
  const places = decimalPlaces(decimal);
  const shift = Number(of.value.n) * (of === exponent ? 1 : -1) * Number(of.value.s || 1n);
  return places && Math.abs(shift) <= EXPONENT_MAX ? { ...places, behind: places.behind - shift } : null;
}

const EXPONENT_MAX = 1000;

/** The same tree with the same leaves. */
export function sameWriting(left: Expression, right: Expression): boolean {
  if (left.kind !== right.kind) return false;
  const [a, b] = [partsOf(left), partsOf(right)];
  return (
    leafText(left) === leafText(right) &&
    a.length === b.length &&
    a.every((part, at) => sameWriting(part, b[at]!))
  );
}

function leafText(expression: Expression): string {
  if (expression.kind === 'number') return expression.value.toFraction();
  if (expression.kind === 'matrix') return `${expression.rows.length}`;
  return Object.values(expression)
    .filter((value) => typeof value !== 'object' || isTexts(value))
    .join(' ');
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === 'string';
}

/**
 * Compared at points that follow from the seed, some of them negative. Where one side is real and the other is not, a point says
 * nothing: ln(x²) and 2 ln x are the same to a reader. Whole numbers where only those make sense (n!).
 */
function sameFunction(
  left: Expression,
  right: Expression,
  symbols: readonly string[],
  comparison: Comparison,
): boolean {
  const discrete = [left, right].some(isDiscrete);
  const rounding = roundingOf(left, comparison.budget).add(roundingOf(right, comparison.budget));
  const points = [left, right].some(isDear) ? CALCULUS_POINTS : POINTS;
  let agreed = 0;
  for (let at = 0; at < points || (agreed < POINTS_MIN && at < POINTS_MAX); at++) {
    spend(comparison.budget, POINT_WORK + SAMPLE_WORK * symbols.length);
    const values = new Map(
      symbols.map((name, index) => [
        name,
        samplePoint(name, at, discrete, comparison.seed, isNegativeAt(at, index)),
      ]),
    );
    const point = pointOf(values, comparison.budget);
    const [x, y] = [numericValue(left, point), numericValue(right, point)];
    if (!x || !y || isReal(x) !== isReal(y)) continue;
    const isSame = near(x, y, point.termMax, point.blur) || isWithin(x, y, point.termMax, rounding);
    // There one side has no real value, and its complex one depends on the branch: √(1/x) and 1/√x are the same to a reader.
    if (!isSame && point.isBranched) continue;
    if (!isSame) return false;
    agreed += 1;
  }
  if (agreed < POINTS_MIN) return sameWriting(left, right);
  return !arePiecewise([left, right]) || sameFarAway(left, right, symbols, comparison);
}

function isWithin(a: Complex, b: Complex, termMax: Real, rounding: Real): boolean {
  if (rounding.isZero()) return false;
  const apart = absolute({ re: a.re.sub(b.re), im: a.im.sub(b.im) });
  return apart.lte(Real.max(termMax, absolute(a), absolute(b)).mul(rounding));
}

/**
 * How far, relative to its largest term, an expression may be off by its long decimals: each stands for what rounds to it, as `0.333333` of
 * `0.333333x + 2`. 0 unless they are only added and multiplied.
 */
function roundingOf(expression: Expression, budget: Budget): Real {
  const none = new Real(0);
  if (expression.kind === 'number') {
    if (expression.digits < ROUNDED_DIGITS_MIN || expression.value.n === 0n) return none;
    spend(budget, DECIMAL_WORK);
    const { digits, behind } = decimalPlaces(expression)!;
    const half = new Real(10).pow(-behind).div(2).div(fractionValue(expression.value).abs());
    return digits >= DOUBLE_DIGITS_MIN ? Real.max(half, DOUBLE) : half;
  }
  if (!['sum', 'product', 'quotient', 'negative'].includes(expression.kind)) return none;
  return partsOf(expression).reduce((total, part) => total.add(roundingOf(part, budget)), none);
}

const PIECEWISE = new Set(['abs', 'max', 'min', 'floor', 'ceil', 'sgn']);

/** To place a decimal, and to compare it with half a unit of its last digit. */
const DECIMAL_WORK = 40;

/** Polynomials but for functions that have corners or steps: they may agree near 0 and not far away. */
function arePiecewise(sides: readonly Expression[]): boolean {
  return sides.every(isMadeOfPieces) && sides.some((side) => hasKind(side, 'call'));
}

function isMadeOfPieces(expression: Expression): boolean {
  if (expression.kind === 'call' && !PIECEWISE.has(expression.name)) return false;
  if (expression.kind === 'power' && !isSmallPower(expression.exponent)) return false;
  return partsOf(expression).every(isMadeOfPieces);
}

function isSmallPower(exponent: Expression): boolean {
  return exponent.kind === 'number' && exponent.value.d === 1n && exponent.value.n <= 12n;
}

const FAR = [10, 100, 1000, 10_000];

function sameFarAway(
  left: Expression,
  right: Expression,
  symbols: readonly string[],
  { budget, seed }: Comparison,
): boolean {
  return FAR.every((size, at) =>
    [true, false].every((isNegative) => {
      spend(budget, POINT_WORK + SAMPLE_WORK * symbols.length);
      const values = symbols.map(
        (name) => [name, far(samplePoint(name, at, false, seed, isNegative), size)] as const,
      );
      const point = pointOf(new Map(values), budget);
      const [x, y] = [numericValue(left, point), numericValue(right, point)];
      return !x || !y || near(x, y, point.termMax);
    }),
  );
}

function far({ re, im }: Complex, size: number): Complex {
  return { re: re.mul(size), im };
}

function isDiscrete(expression: Expression): boolean {
  const symbolic = symbolsOf(expression).size > 0;
  if (!symbolic) return false;
  if (expression.kind === 'call' && expression.name === 'sum' && isInfinite(expression.args[3]!))
    return isDiscrete(expression.args[1]!);
  if (expression.kind === 'call' && /^(?:factorial|sum|prod|mod)$/.test(expression.name)) return true;
  if (expression.kind === 'call' && expression.name === 'binom')
    return symbolsOf(expression.args[1]!).size > 0;
  const signed = expression.kind === 'power' && expression.base.kind === 'negative';
  if (signed && symbolsOf(expression.exponent).size > 0) return true;
  return partsOf(expression).some(isDiscrete);
}

/**
 * Positive at the first five points, of either sign after, or as told; below 1 at those that come when few points say anything, as with
 * arcsin x; whole numbers from 1 to 40 where asked.
 */
export function samplePoint(
  name: string,
  at: number,
  discrete: boolean,
  seed: number,
  isNegative = at >= 5 && deriveUniform(seed, `sign ${name}`, at) < 0.7,
): Complex {
  const uniform = deriveUniform(seed, `point ${name}`, at);
  if (discrete) return real(1 + Math.floor(uniform * (5 + 4 * Math.min(at, POINTS - 1))));
  const size = at < POINTS ? 0.3 + 2.5 * uniform : 0.05 + 0.85 * uniform;
  return real(isNegative ? -size : size);
}

/** Each pattern of signs of two variables is met; undefined where chance decides. */
function isNegativeAt(at: number, index: number): boolean | undefined {
  if (at === 5) return true;
  if (at === 6 || at === 7) return index % 2 === at % 2;
  return undefined;
}

/** Whether two functions differ by a number that is the same everywhere. Where one has no real value, a point says nothing. */
export function sameUpToConstant(left: Expression, right: Expression, comparison: Comparison): boolean {
  const names = [...new Set([...symbolsOf(left), ...symbolsOf(right)])].sort();
  let first: Real | null = null;
  let agreed = 0;
  const points = [left, right].some(isDear) ? CALCULUS_POINTS : POINTS;
  for (let at = 0; at < points || (agreed < POINTS_MIN && at < POINTS_MAX); at++) {
    spend(comparison.budget, POINT_WORK + SAMPLE_WORK * names.length);
    const values = new Map(names.map((name) => [name, samplePoint(name, at, false, comparison.seed)]));
    const point = pointOf(values, comparison.budget);
    const [x, y] = [numericValue(left, point), numericValue(right, point)];
    if (!x || !y || !isReal(x) || !isReal(y) || point.isBranched) continue;
    const apart = x.re.sub(y.re);
    first ??= apart;
    const size = Real.max(1, point.termMax, x.re.abs(), y.re.abs());
    if (
      apart
        .sub(first)
        .abs()
        .gt(size.mul(Math.max(point.blur, 1e-28)))
    )
      return false;
    agreed += 1;
  }
  return agreed >= POINTS_MIN;
}

/**
 * Whether two functions are the same but for a constant factor other than 0 (above 0 if `positive`): then `left = 0` and
 * `right = 0` say the same.
 */
export function sameUpToFactor(
  left: Expression,
  right: Expression,
  positive: boolean,
  comparison: Comparison,
): boolean {
  const [own, others] = [symbolsOf(left), symbolsOf(right)];
  if (own.size === 0 || others.size === 0) return false;
  // One side may name a variable that cancels.
  const names = [...new Set([...own, ...others])].sort();
  if (hasKind(left, 'plusMinus') || hasKind(right, 'plusMinus')) return false;
  let first: { x: Complex; y: Complex } | null = null;
  let agreed = 0;
  for (let at = 0; at < POINTS; at++) {
    spend(comparison.budget, POINT_WORK + SAMPLE_WORK * names.length);
    const values = new Map(names.map((name) => [name, samplePoint(name, at, false, comparison.seed)]));
    const point = pointOf(values, comparison.budget);
    const [x, y] = [numericValue(left, point), numericValue(right, point)];
    if (!x || !y) continue;
    first ??= { x, y };
    if (absolute(x).isZero() !== absolute(y).isZero()) return false;
    if (!near(multiplyComplex(first.x, y), multiplyComplex(first.y, x), point.termMax)) return false;
    agreed += 1;
  }
  if (!first || agreed < POINTS_MIN || absolute(first.x).isZero()) return false;
  return !positive || first.x.re.isNegative() === first.y.re.isNegative();
}
