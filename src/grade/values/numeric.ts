import { type Budget, overLimit, spend } from '../compare/budget.js';
import {
  type Complex,
  PI,
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
} from './complex.js';
import { BLUR, derivative, endlessSum, integral, limit } from './calculus.js';
import { exactValue, isExact } from './exact.js';
import {
  NUMBER_WORK,
  PRODUCT_WORK,
  QUOTIENT_WORK,
  SUM_WORK,
  functionWork,
  powerWork,
} from './functionWork.js';
import { Real, arcosh, arctan, arsinh, cosh, isOdd, sin, sinh, tanh } from './realFunctions.js';
import { type Expression, infinitySign, partsOf } from '../parse/expression.js';

/** Values of the free symbols, and what has been spent. */
export interface Point {
  values: ReadonlyMap<string, Complex>;
  budget: Budget;
  /** The largest term of any sum so far: it bounds what cancellation leaves behind. */
  termMax: Real;
  /** Set where a root, power or logarithm of a negative number was taken: there the real function has no value. */
  isBranched: boolean;
  /** How far values may be off that an integral, a limit or an endless sum was found for. */
  blur: number;
}

export function pointOf(values: ReadonlyMap<string, Complex>, budget: Budget): Point {
  return { values, budget, termMax: new Real(0), isBranched: false, blur: 0 };
}

/** The value at a point, to about 45 digits; null where there is none. Throws ROW_GRADE_LIMIT for what overflows. */
export function numericValue(expression: Expression, point: Point): Complex | null {
  spend(point.budget, 1);
  const value = valueOf(expression, point);
  if (!value || value.re.isNaN() || value.im.isNaN()) return null;
  if (!value.re.isFinite() || !value.im.isFinite()) throw overLimit('has a value beyond all measure');
  return value;
}

function valueOf(expression: Expression, point: Point): Complex | null {
  switch (expression.kind) {
    case 'number':
      spend(point.budget, NUMBER_WORK);
      return real(fractionValue(expression.value));
    case 'symbol':
      return point.values.get(expression.name) ?? null;
    case 'constant':
      return constantValue(expression.name);
    case 'sum':
      return sumOf(expression.terms, point);
    case 'product':
      return join(expression.factors, point, PRODUCT_WORK, multiplyComplex);
    case 'quotient':
      return quotientOf(expression.over, expression.under, point);
    case 'negative':
      return apply(expression.of, point, negate);
    case 'percent':
      return quotientBy(expression.of, real(100), point);
    case 'quantity':
      return numericValue(expression.of, point);
    case 'power':
      return powerOf(expression.base, expression.exponent, point);
    case 'call':
      return callOf(expression.name, expression.args, point);
    case 'based': {
      const exact = exactValue(expression, point.budget);
      return isExact(exact) ? real(fractionValue(exact)) : null;
    }
    default:
      return null;
  }
}

export function fractionValue({ s, n, d }: { s: bigint; n: bigint; d: bigint }): Real {
  return new Real(`${s * n}`).div(new Real(`${d}`));
}

/** Once: to compute it takes as long as a sine, and an answer may be a row of letters with many of them. */
const E = Real.exp(1);

function constantValue(name: string): Complex | null {
  if (name === 'pi') return real(PI);
  if (name === 'e') return real(E);
  return name === 'i' ? { re: new Real(0), im: new Real(1) } : null;
}

function apply(of: Expression, point: Point, change: (value: Complex) => Complex | null): Complex | null {
  const value = numericValue(of, point);
  return value && change(value);
}

function join(
  parts: readonly Expression[],
  point: Point,
  work: { real: number; complex: number },
  operate: (left: Complex, right: Complex) => Complex,
): Complex | null {
  let result: Complex | null = null;
  for (const part of parts) {
    const value = numericValue(part, point);
    if (!value) return null;
    if (result) spend(point.budget, isReal(result) && isReal(value) ? work.real : work.complex);
    result = result ? operate(result, value) : value;
  }
  return result;
}

function sumOf(terms: readonly Expression[], point: Point): Complex | null {
  return join(terms, point, SUM_WORK, (left, right) => {
    point.termMax = Real.max(point.termMax, sizeOf(left), sizeOf(right));
    return add(left, right);
  });
}

/** The absolute value but for a factor of at most √2, without a root. */
function sizeOf({ re, im }: Complex): Real {
  return im.isZero() ? re.abs() : Real.max(re.abs(), im.abs());
}

function quotientOf(over: Expression, under: Expression, point: Point): Complex | null {
  const by = numericValue(under, point);
  if (!by || isZero(by)) return null;
  return quotientBy(over, by, point);
}

function quotientBy(over: Expression, by: Complex, point: Point): Complex | null {
  return apply(over, point, (value) => {
    spend(point.budget, isReal(value) && isReal(by) ? QUOTIENT_WORK.real : QUOTIENT_WORK.complex);
    return divide(value, by);
  });
}

function isZero({ re, im }: Complex): boolean {
  return re.isZero() && im.isZero();
}

function powerOf(base: Expression, exponent: Expression, point: Point): Complex | null {
  const [of, to] = [numericValue(base, point), numericValue(exponent, point)];
  if (!of || !to) return null;
  spend(point.budget, Math.floor(powerWork(of, to)));
  if (isReal(of) && of.re.isNegative() && isReal(to) && !to.re.isInteger()) {
    // (-8)^{1/3} is -2 in schoolbooks: the real root where the exponent is written as a fraction of odd denominator.
    const exact = exactValue(exponent, point.budget);
    if (isExact(exact) && exact.d % 2n === 1n) {
      const size = of.re.neg().pow(to.re);
      return real(exact.n % 2n === 0n ? size : size.neg());
    }
    point.isBranched = true;
  }
  return power(of, to);
}

const ONE_ARGUMENT = new Map<string, (value: Complex) => Complex | null>(
  Object.entries({
    sqrt: squareRoot,
    cbrt: ({ re, im }) => (im.isZero() ? real(re.cbrt()) : null),
    ln: (value) => (isZero(value) ? null : logarithm(value)),
    exp: exponential,
    abs: (value) => real(absolute(value)),
    sin: sine,
    cos: cosine,
    tan: (value) => over(sine(value), cosine(value)),
    cot: (value) => over(cosine(value), sine(value)),
    sec: (value) => over(real(1), cosine(value)),
    csc: (value) => over(real(1), sine(value)),
    arcsin: onReal((value) => value.asin()),
    arccos: onReal((value) => value.acos()),
    arctan: onReal(arctan),
    arccot: onReal((value) => (value.isZero() ? PI.div(2) : arctan(inverse(value)))),
    arcsec: onReal((value) => inverse(value).acos()),
    arccsc: onReal((value) => inverse(value).asin()),
    sinh: onReal(sinh),
    cosh: onReal(cosh),
    tanh: onReal(tanh),
    coth: onReal((value) => (value.isZero() ? null : inverse(tanh(value)))),
    sech: onReal((value) => inverse(cosh(value))),
    csch: onReal((value) => (value.isZero() ? null : inverse(sinh(value)))),
    arsinh: onReal(arsinh),
    arcosh: onReal(arcosh),
    artanh: onReal((value) => value.atanh()),
    arcoth: onReal((value) => inverse(value).atanh()),
    arsech: onReal((value) => arcosh(inverse(value))),
    arcsch: onReal((value) => (value.isZero() ? null : arsinh(inverse(value)))),
    sinc: onReal((value) => (value.isZero() ? new Real(1) : sin(value).div(value))),
    sgn: onReal((value) => new Real(value.isZero() ? 0 : value.isNegative() ? -1 : 1)),
    floor: onReal((value) => value.floor()),
    ceil: onReal((value) => value.ceil()),
    factorial: onReal((value) =>
      value.isInteger() && value.gte(0) && value.lte(200) ? factorial(value) : null,
    ),
  }),
);

function onReal(change: (value: Real) => Real | null): (value: Complex) => Complex | null {
  return (value) => {
    const changed = isReal(value) ? change(value.re) : null;
    return changed && !changed.isNaN() ? real(changed) : null;
  };
}

/** Infinite at 0. */
function inverse(value: Real): Real {
  return new Real(1).div(value);
}

/** Functions that have no real value below 0. */
const BRANCHED = new Set(['sqrt', 'ln', 'log', 'root']);

function over(a: Complex, b: Complex): Complex | null {
  return absolute(b).lt(1e-40) ? null : divide(a, b);
}

function factorial(of: Real): Real {
  let product = new Real(1);
  for (let factor = 2; of.gte(factor); factor++) product = product.mul(factor);
  return product;
}

const TERMS_MAX = 400;
/** Of the variable of a sum that cannot be added up; any number does. */
const BOUND_VALUE = 0.7371;

/** What Richardson's extrapolation leaves. */
const SUM_BLUR = 1e-7;

/** The values of an expression over one of its variables, the others as they are at the point. */
function valuedAt(
  body: Expression,
  variable: string,
  point: Point,
): (value: Real | number) => Complex | null {
  return (value) => {
    const inside: Point = { ...point, values: new Map(point.values).set(variable, real(value)) };
    const result = numericValue(body, inside);
    point.termMax = Real.max(point.termMax, inside.termMax);
    point.isBranched ||= inside.isBranched;
    point.blur = Math.max(point.blur, inside.blur);
    return result;
  };
}

const INFINITE = new Real(Infinity);

/** An end of an integral, or where a limit is taken: it may be infinite. */
function endOf(expression: Expression, point: Point): Complex | null {
  const sign = infinitySign(expression);
  return sign === 0 ? numericValue(expression, point) : real(INFINITE.mul(sign));
}

/** Integrals whose lower end is not said begin here. */
const START = real('0.7371');

function calculusOf(
  name: string,
  [variable, body, ...ends]: readonly Expression[],
  point: Point,
): Complex | null {
  const own = variable?.kind === 'symbol' ? variable.name : '';
  const at = valuedAt(body!, own, point);
  const here = point.values.get(own);
  if (name === 'derivative') {
    point.blur = Math.max(point.blur, BLUR);
    return here && isReal(here)
      ? derivative(at, here.re, ends[0]!.kind === 'number' ? Number(ends[0].value.n) : 1)
      : null;
  }
  const [first, second] = name === 'antiderivative' ? [START, here] : ends.map((end) => endOf(end, point));
  point.blur = Math.max(point.blur, BLUR);
  if (!first) return null;
  if (name.startsWith('limit')) return limit(at, first, name.slice('limit'.length) as '' | 'Above' | 'Below');
  return second ? integral(at, first, second) : null;
}

/**
 * A sum or product over whole numbers, term by term. One that cannot be added up (endless, or over `F_k`) gets a value that follows from
 * its parts: equal parts, equal values.
 */
function seriesOf(
  name: string,
  [variable, body, lower, upper]: readonly Expression[],
  point: Point,
): Complex | null {
  const bound = variable?.kind === 'symbol' ? variable.name : '';
  const [from, to] = [numericValue(lower!, point), numericValue(upper!, point)];
  const isCounted = from && to && isReal(from) && isReal(to) && from.re.isInteger() && to.re.isInteger();
  const hasIndex = [...namesOf(body!)].some((own) => own.includes('_') && own.includes('#'));
  const terms = isCounted ? to.re.sub(from.re).toNumber() + 1 : Infinity;
  const at = valuedAt(body!, bound, point);
  if (name === 'sum' && !hasIndex && from && infinitySign(upper!) > 0) {
    point.blur = Math.max(point.blur, SUM_BLUR);
    return endlessSum((count) => at(from.re.add(count)));
  }
  if (hasIndex || !from || terms > TERMS_MAX || terms < 0) {
    const [term, end] = [at(BOUND_VALUE), to ?? real(Math.SQRT2)];
    if (!term || !from) return null;
    const mixed = add(
      multiplyComplex(term, real(name === 'sum' ? 1.37 : 2.71)),
      multiplyComplex(from, real(0.29)),
    );
    return add(mixed, multiplyComplex(end, multiplyComplex(term, real(0.61))));
  }
  let total = real(name === 'sum' ? 0 : 1);
  for (let term = 0; term < terms; term++) {
    spend(point.budget, 1);
    const value = at(from.re.add(term));
    if (!value) return null;
    total = name === 'sum' ? add(total, value) : multiplyComplex(total, value);
  }
  return total;
}

function namesOf(expression: Expression, into = new Set<string>()): Set<string> {
  if (expression.kind === 'symbol') into.add(expression.name);
  for (const part of partsOf(expression)) namesOf(part, into);
  return into;
}

function callOf(name: string, args: readonly Expression[], point: Point): Complex | null {
  if (name === 'sum' || name === 'prod') return seriesOf(name, args, point);
  if (/^(?:integral|antiderivative|derivative|limit(?:Above|Below)?)$/.test(name))
    return calculusOf(name, args, point);
  const values = args.map((arg) => numericValue(arg, point));
  if (!values.every((value) => value !== null)) return null;
  const [first, second] = values;
  if (!first) return null;
  spend(point.budget, functionWork(name, values));
  if (BRANCHED.has(name) && !(isReal(first) && first.re.gte(0))) point.isBranched = true;
  if (name === 'log') {
    if (isZero(first)) return null;
    const base = logarithm(second ?? real(10));
    return isZero(base) ? null : divide(logarithm(first), base);
  }
  if (name === 'root' && second) return rootOf(first, second);
  if (name === 'binom' && second) return binomial(first, second);
  if (name === 'max' || name === 'min') return extreme(values, name);
  const change = args.length === 1 ? ONE_ARGUMENT.get(name) : undefined;
  return change ? change(first) : null;
}

function rootOf(of: Complex, degree: Complex): Complex | null {
  if (!isReal(degree) || degree.re.isZero()) return null;
  const odd = isOdd(degree.re);
  const inverse = divide(real(1), degree);
  if (isReal(of) && of.re.isNegative() && odd) return negate(power(negate(of), inverse));
  return power(of, inverse);
}

/** n (n − 1) … (n − k + 1) / k! for whole k. */
function binomial({ re: n, im }: Complex, { re: k }: Complex): Complex | null {
  if (!im.isZero() || !k.isInteger() || k.lt(0) || k.gt(200)) return null;
  let product = new Real(1);
  for (let at = 0; k.gt(at); at++) product = product.mul(n.sub(at)).div(at + 1);
  return real(product);
}

function extreme(values: readonly Complex[], name: 'max' | 'min'): Complex | null {
  if (!values.every(isReal)) return null;
  return real(Real[name](...values.map(({ re }) => re)));
}
