import Fraction from 'fraction.js';
import { type Budget, spend } from '../compare/budget.js';
import type { Expression } from '../parse/expression.js';

/** Why an expression has no exact rational value: it is none, or it is beyond the limit on digits. */
export type Inexact = 'irrational' | 'tooLarge';
export type Exact = Fraction | Inexact;

const ZERO = new Fraction(0);

export function isExact(value: Exact): value is Fraction {
  return typeof value !== 'string';
}

/** The rational value of an expression without symbols. Digits and work are bounded by the budget. */
export function exactValue(expression: Expression, budget: Budget): Exact {
  spend(budget, 1);
  switch (expression.kind) {
    case 'number':
      return bounded(expression.value, budget);
    case 'sum':
      return fold(expression.terms, budget, (left, right) => left.add(right));
    case 'product':
      return fold(expression.factors, budget, (left, right) => left.mul(right));
    case 'quotient':
      return divide(exactValue(expression.over, budget), exactValue(expression.under, budget), budget);
    case 'negative':
      return map(exactValue(expression.of, budget), (value) => value.neg());
    case 'percent':
      return map(exactValue(expression.of, budget), (value) => value.div(100));
    case 'quantity':
      return exactValue(expression.of, budget);
    case 'based':
      return basedValue(expression.digits, expression.base);
    case 'power':
      return exactPower(exactValue(expression.base, budget), exactValue(expression.exponent, budget), budget);
    case 'call':
      return exactCall(expression.name, expression.args, budget);
    default:
      return 'irrational';
  }
}

function bitsOf(value: bigint): number {
  return value.toString(16).length * 4;
}

/** So many bits of a numerator times those of its denominator are one unit of work. */
const REDUCED_BITS = 8192;

function bounded(value: Fraction, budget: Budget): Exact {
  const [over, under] = [bitsOf(value.n), bitsOf(value.d)];
  const bits = Math.max(over, under);
  // A fraction is reduced by Euclid's algorithm, whose work grows with the product of both lengths.
  spend(budget, (bits >> 4) + Math.floor((over * under) / REDUCED_BITS));
  return bits > budget.limits.bitsMax ? 'tooLarge' : value;
}

function map(value: Exact, change: (value: Fraction) => Fraction): Exact {
  return isExact(value) ? change(value) : value;
}

function both(left: Exact, right: Exact, join: (left: Fraction, right: Fraction) => Exact): Exact {
  if (left === 'tooLarge' || right === 'tooLarge') return 'tooLarge';
  return isExact(left) && isExact(right) ? join(left, right) : 'irrational';
}

function fold(
  parts: readonly Expression[],
  budget: Budget,
  join: (left: Fraction, right: Fraction) => Fraction,
): Exact {
  const [first, ...rest] = parts.map((part) => exactValue(part, budget));
  return rest.reduce<Exact>(
    (left, right) => both(left, right, (a, b) => bounded(join(a, b), budget)),
    first!,
  );
}

function divide(over: Exact, under: Exact, budget: Budget): Exact {
  return both(over, under, (a, b) => (b.equals(0) ? 'irrational' : bounded(a.div(b), budget)));
}

function exactPower(base: Exact, exponent: Exact, budget: Budget): Exact {
  return both(base, exponent, (of, to) => {
    const degree = Number(to.d);
    if (degree > 64) return 'irrational';
    const root = degree === 1 ? of : exactRoot(of, degree, budget);
    if (root === null) return 'irrational';
    return wholePower(root, to.s * to.n, budget);
  });
}

function wholePower(base: Fraction, exponent: bigint, budget: Budget): Exact {
  if (base.equals(0)) return exponent > 0n ? ZERO : 'irrational';
  if (base.abs().equals(1)) return base.s > 0n || exponent % 2n === 0n ? base.abs() : base;
  const bits = Math.max(bitsOf(base.n), bitsOf(base.d)) * Number(exponent < 0n ? -exponent : exponent);
  if (bits > budget.limits.bitsMax * 2) return 'tooLarge';
  spend(budget, bits >> 3);
  return bounded(base.pow(Number(exponent))!, budget);
}

/** The real root where it is rational; null where it is not. */
export function exactRoot(value: Fraction, degree: number, budget: Budget): Fraction | null {
  if (value.s < 0n && degree % 2 === 0) return null;
  // Steps of Newton's iteration, more for a higher root, each a power and a division.
  const bits = bitsOf(value.n) + bitsOf(value.d);
  spend(budget, 1 + Math.floor(((8 + degree) * bits) / ROOT_BITS));
  const over = wholeRoot(value.n, degree);
  const under = wholeRoot(value.d, degree);
  if (over === null || under === null) return null;
  return new Fraction(value.s < 0n ? -over : over, under);
}

/** So many bits are one unit of work of one step towards a root. */
const ROOT_BITS = 512;

/** Newton's iteration from above. */
function wholeRoot(value: bigint, degree: number): bigint | null {
  if (value < 2n) return value;
  const n = BigInt(degree);
  let root = 1n << BigInt(Math.ceil(bitsOf(value) / degree) + 1);
  for (;;) {
    const next = ((n - 1n) * root + value / root ** (n - 1n)) / n;
    if (next >= root) break;
    root = next;
  }
  return root ** n === value ? root : null;
}

/** Digits beyond the base give none. */
function basedValue(digits: string, base: number): Exact {
  if (!/^-?[\dA-Z]+$/.test(digits)) return 'irrational';
  let value = 0n;
  for (const digit of digits.replace('-', '')) {
    const own = Number.parseInt(digit, 36);
    if (own >= base) return 'irrational';
    value = value * BigInt(base) + BigInt(own);
  }
  return new Fraction(digits.startsWith('-') ? -value : value);
}

const FACTORIAL_MAX = 1000;

function exactCall(name: string, args: readonly Expression[], budget: Budget): Exact {
  const values = args.map((arg) => exactValue(arg, budget));
  if (values.includes('tooLarge')) return 'tooLarge';
  if (!values.every(isExact)) return 'irrational';
  const [first, second] = values as Fraction[];
  if (!first) return 'irrational';
  if (name === 'sqrt') return exactRoot(first, 2, budget) ?? 'irrational';
  if (name === 'cbrt') return exactRoot(first, 3, budget) ?? 'irrational';
  if (name === 'root' && second && isDegree(second))
    return exactRoot(first, Number(second.n), budget) ?? 'irrational';
  if (name === 'abs') return first.abs();
  if (name === 'sgn') return new Fraction(first.equals(0) ? 0n : first.s);
  if (name === 'floor') return first.floor();
  if (name === 'ceil') return first.ceil();
  if (name === 'factorial') return factorial(first, budget, 1n);
  if (name === 'doubleFactorial') return factorial(first, budget, 2n);
  if (name === 'binom' && second) return binomial(first, second, budget);
  if (name === 'max' || name === 'min') return extreme(values as Fraction[], name === 'max');
  if (name === 'mod' && second && !second.equals(0)) return first.sub(second.mul(first.div(second).floor()));
  const wholes = values as Fraction[];
  if ((name === 'gcd' || name === 'lcm') && wholes.every(({ d }) => d === 1n)) {
    for (const { n } of wholes) spend(budget, 1 + Math.floor(bitsOf(n) ** 2 / REDUCED_BITS));
    return wholes.reduce((left, right) => left[name](right)).abs();
  }
  return 'irrational';
}

function isDegree({ s, n, d }: Fraction): boolean {
  return d === 1n && s > 0n && n >= 1n && n <= 64n;
}

function extreme(values: readonly Fraction[], most: boolean): Fraction {
  return values.reduce((best, value) => (value.compare(best) > 0 === most ? value : best));
}

/** The product of every `step`-th number down from it. */
function factorial(of: Fraction, budget: Budget, step: bigint): Exact {
  if (of.d !== 1n || of.s < 0n) return 'irrational';
  if (of.n > BigInt(FACTORIAL_MAX)) return 'tooLarge';
  spend(budget, Number(of.n));
  let product = 1n;
  for (let factor = of.n; factor > 1n; factor -= step) product *= factor;
  return bounded(new Fraction(product), budget);
}

function binomial(of: Fraction, choose: Fraction, budget: Budget): Exact {
  if (of.d !== 1n || choose.d !== 1n || of.s < 0n || choose.s < 0n) return 'irrational';
  if (choose.n > of.n) return ZERO;
  const short = choose.n * 2n > of.n ? of.n - choose.n : choose.n;
  if (short > BigInt(FACTORIAL_MAX)) return 'tooLarge';
  // It is at least (n / k)^k.
  if (Number(short) * (bitsOf(of.n) - bitsOf(short) - 4) > budget.limits.bitsMax) return 'tooLarge';
  spend(budget, Number(short) * 2);
  let product = 1n;
  for (let at = 1n; at <= short; at++) product = (product * (of.n - short + at)) / at;
  return bounded(new Fraction(product), budget);
}
