import { type Complex, add, isReal, multiplyComplex, real } from './complex.js';
import { Real } from './realFunctions.js';

/** Integrals, limits, derivatives and endless sums as numbers. Null where the method says nothing: what is compared then is the writing. */

/** The value of a function at a point. */
export type Valued = (at: Real) => Complex | null;

/** How far, relative to its size, such a value may be off. */
export const BLUR = 1e-10;

const HALF_PI = Math.PI / 2;
/** The second where the first is too coarse. */
const STEPS = [1 / 8, 1 / 16];
/** The sum over every other node must agree so far: the error squares with each halving of the step. */
const AGREED = 1e-6;

interface Node {
  at: Real;
  weight: number;
}

/** Double-exponential quadrature (Takahasi and Mori 1974), which also bears ends where the integrand is infinite. */
export function integral(of: Valued, lower: Complex, upper: Complex): Complex | null {
  if (!isReal(lower) || !isReal(upper)) return null;
  const [from, to] = [lower.re, upper.re];
  if (from.eq(to)) return real(0);
  if (from.gt(to)) {
    const turned = integral(of, upper, lower);
    return turned && multiplyComplex(turned, real(-1));
  }
  const nodesOf = from.isFinite() && to.isFinite() ? between : unbounded;
  for (const step of STEPS) {
    const sum = weighted(of, nodesOf(from, to, step), step, nodesOf === between);
    if (sum !== 'coarse') return sum;
  }
  return null;
}

function between(from: Real, to: Real, step: number): Node[] {
  const half = to.sub(from).div(2);
  return steps(4.25, step).map((t) => {
    const u = HALF_PI * Math.sinh(t);
    // The distance from the nearer end, without cancellation.
    const share = 2 / (1 + Math.exp(2 * Math.abs(u)));
    const at = u < 0 ? from.add(half.mul(share)) : to.sub(half.mul(share));
    return { at, weight: (half.toNumber() * HALF_PI * Math.cosh(t)) / Math.cosh(u) ** 2 };
  });
}

function unbounded(from: Real, to: Real, step: number): Node[] {
  if (!from.isFinite() && !to.isFinite())
    return steps(4, step).map((t) => {
      const u = HALF_PI * Math.sinh(t);
      return { at: new Real(Math.sinh(u)), weight: HALF_PI * Math.cosh(t) * Math.cosh(u) };
    });
  const [end, sign] = from.isFinite() ? [from, 1] : [to, -1];
  return steps(4, step).map((t) => {
    const away = Math.exp(HALF_PI * Math.sinh(t));
    return { at: end.add(sign * away), weight: away * HALF_PI * Math.cosh(t) };
  });
}

function steps(most: number, step: number): number[] {
  const count = Math.round(most / step);
  return Array.from({ length: 2 * count + 1 }, (_, at) => (at - count) * step);
}

/**
 * From the middle outwards. `coarse` where twice the step gives another sum. Null where a value is missing or not real, or where the ends
 * still count.
 */
function weighted(
  of: Valued,
  nodes: readonly Node[],
  step: number,
  isBounded: boolean,
): Complex | null | 'coarse' {
  const middle = (nodes.length - 1) / 2;
  let [all, other] = [new Real(0), new Real(0)];
  let [most, ends] = [0, 0];
  for (const side of [1, -1]) {
    let still = 0;
    for (let away = side > 0 ? 0 : 1; away <= middle; away++) {
      const { at, weight } = nodes[middle + side * away]!;
      const value = of(at);
      if (!value || !isReal(value)) return null;
      const part = value.re.mul(weight * step);
      all = all.add(part);
      if (away % 2 === 0) other = other.add(part.mul(2));
      const size = Math.abs(part.toNumber());
      most = Math.max(most, size);
      if (away === middle) ends = Math.max(ends, size);
      still = size <= most * NOTHING_MORE && most > 0 ? still + 1 : 0;
      // Far out, each value costs more and more.
      if (!isBounded && still === STILL) break;
    }
  }
  if (ends > most * BLUR) return null;
  const isAgreed = all.sub(other).abs().lte(all.abs().add(most).mul(AGREED));
  return isAgreed ? real(all) : 'coarse';
}

/** Parts of a sum so small, so many in a row, end it. */
const NOTHING_MORE = 1e-25;
const STILL = 8;

const NEAR = ['1e-14', '1e-16'];
const FAR = ['1e14', '1e16'];

/** At two points close to the target, or far out, which must agree; from both sides unless one is named. */
export function limit(of: Valued, target: Complex, side: 'Above' | 'Below' | ''): Complex | null {
  if (!isReal(target)) return null;
  const { re } = target;
  if (!re.isFinite()) return agreed(FAR.map((far) => of(new Real(far).mul(re.isNegative() ? -1 : 1))));
  const from = (sign: number): (Complex | null)[] => NEAR.map((near) => of(re.add(new Real(near).mul(sign))));
  return agreed([...(side === 'Below' ? [] : from(1)), ...(side === 'Above' ? [] : from(-1))]);
}

function agreed(values: readonly (Complex | null)[]): Complex | null {
  const [first, ...rest] = values;
  if (!first || !isReal(first)) return null;
  const size = Real.max(1, first.re.abs());
  const isAgreed = rest.every(
    (value) => value && isReal(value) && value.re.sub(first.re).abs().lte(size.mul(1e-12)),
  );
  return isAgreed ? (rest[0] ?? first) : null;
}

const H = new Real('1e-7');

/** By differences of fourth order. */
export function derivative(of: Valued, at: Real, order: number): Complex | null {
  const values = [-2, -1, 0, 1, 2].map((step) => of(at.add(H.mul(step))));
  if (!values.every((value) => value !== null)) return null;
  const weights = order === 1 ? [1, -8, 0, 8, -1] : [-1, 16, -30, 16, -1];
  const total = values.reduce(
    (sum, value, index) => add(sum, multiplyComplex(value, real(weights[index]!))),
    real(0),
  );
  return multiplyComplex(total, real(new Real(1).div(H.pow(order).mul(12))));
}

const COUNTS = [12, 24, 48, 96, 192];
const NOTHING = new Real('1e-25');

/** The sum of all terms from `from` on, where partial sums settle by themselves or after Richardson's extrapolation; null elsewhere. */
export function endlessSum(term: (at: number) => Complex | null): Complex | null {
  let total = new Real(0);
  let still = 0;
  const partial: Real[] = [];
  for (let at = 0; at < COUNTS.at(-1)!; at++) {
    const value = term(at);
    if (!value || !isReal(value) || value.re.abs().gt(LARGE)) return null;
    total = total.add(value.re);
    still = value.re.abs().lte(total.abs().mul(NOTHING)) ? still + 1 : 0;
    if (still === STILL && at >= COUNTS[0]!) return real(total);
    if (COUNTS.includes(at + 1)) partial.push(total);
  }
  const [before, last] = partial.slice(-2) as [Real, Real];
  const size = Real.max(1, last.abs());
  return last.sub(before).abs().lte(size.mul(1e-14)) ? real(last) : extrapolated(partial, size);
}

/** Terms of a sum that settles are smaller. */
const LARGE = 1e12;

/** For errors in whole powers of the number of terms; the last two of its rows must agree. */
function extrapolated(sums: readonly Real[], size: Real): Complex | null {
  let row = [...sums];
  const ends: Real[] = [];
  for (let power = 2; row.length > 1; power *= 2) {
    row = row.slice(1).map((value, at) =>
      value
        .mul(power)
        .sub(row[at]!)
        .div(power - 1),
    );
    ends.push(row.at(-1)!);
  }
  const [before, last] = ends.slice(-2) as [Real, Real];
  return last.sub(before).abs().lte(size.mul('1e-7')) ? real(last) : null;
}
