import { spend } from './budget.js';
import { type Comparison, near } from './compareScalars.js';
import { type Expression, RUNNING, hasKind, isScalar, symbolsOf } from '../parse/expression.js';
import { angleValue } from '../values/angles.js';
import { isReal, real } from '../values/complex.js';
import { numericValue, pointOf } from '../values/numeric.js';
import { Real } from '../values/realFunctions.js';

/** Values for every whole number, `\frac{\pi}{4} + k\pi`, compared as sets of numbers. */

/** All numbers that leave this rest by this step, which is above 0. */
interface Family {
  rest: Real;
  step: Real;
}

const FACTOR_MAX = 60;
const FAMILIES_MAX = 60;

/** Null where one of the two is not made of such values alone. */
export function sameFamilies(left: Expression, right: Expression, comparison: Comparison): boolean | null {
  const sides = [left, right].map((side) => familiesOf(side, comparison));
  const [a, b] = sides;
  if (!a || !b) return null;
  const step = commonStep([...a, ...b]);
  if (!step) return null;
  const [x, y] = [a, b].map((families) => families.flatMap((family) => spread(family, step)));
  if (!x || !y || x.length > FAMILIES_MAX || y.length > FAMILIES_MAX) return null;
  spend(comparison.budget, 4 * x.length * y.length);
  const holds = (rests: readonly Real[], wanted: Real): boolean =>
    rests.some((rest) => areCongruent(rest, wanted, step));
  return x.every((rest) => holds(y, rest)) && y.every((rest) => holds(x, rest));
}

function familiesOf(expression: Expression, comparison: Comparison): Family[] | null {
  const items = expression.kind === 'list' || expression.kind === 'set' ? expression.items : [expression];
  const families = items.map((item) => familyOf(item, comparison));
  return families.length > 0 && families.every((family) => family !== null) ? families : null;
}

/** Only of what is linear in the number that runs, and has no other name in it. */
function familyOf(expression: Expression, { budget }: Comparison): Family | null {
  const residue = residueOf(expression, budget);
  if (residue) return residue;
  if (!isScalar(expression) || [...symbolsOf(expression)].join() !== RUNNING) return null;
  const plain = hasKind(expression, 'quantity') ? angleValue(expression) : expression;
  const values = [0, 1, 2, 5].map((at) =>
    numericValue(plain, pointOf(new Map([[RUNNING, real(at)]]), budget)),
  );
  if (!values.every((value) => value !== null && isReal(value))) return null;
  const [zero, one, two, five] = values.map((value) => value!.re) as [Real, Real, Real, Real];
  const step = one.sub(zero);
  const isLinear = same(two.sub(one), step) && same(five.sub(two), step.mul(3));
  return step.isZero() || !isLinear ? null : { rest: zero, step: step.abs() };
}

/** `1 \pmod 3` */
function residueOf(expression: Expression, budget: Comparison['budget']): Family | null {
  if (expression.kind !== 'call' || expression.name !== 'residue') return null;
  const [rest, step] = expression.args.map((arg) => numericValue(arg, pointOf(new Map(), budget)));
  return rest && step && isReal(rest) && isReal(step) && step.re.gt(0)
    ? { rest: rest.re, step: step.re }
    : null;
}

function same(a: Real, b: Real): boolean {
  const zero = new Real(0);
  return near({ re: a, im: zero }, { re: b, im: zero }, Real.max(a.abs(), b.abs()));
}

/** The smallest step that all steps divide; null where there is none that is near. */
function commonStep(families: readonly Family[]): Real | null {
  const steps = families.map(({ step }) => step);
  const largest = Real.max(...steps);
  for (let factor = 1; factor <= FACTOR_MAX; factor++) {
    const step = largest.mul(factor);
    if (steps.every((own) => isWhole(step.div(own)))) return step;
  }
  return null;
}

function isWhole(value: Real): boolean {
  return value.sub(value.round()).abs().lt(1e-25);
}

function spread({ rest, step }: Family, common: Real): Real[] {
  const count = Math.min(common.div(step).round().toNumber(), FAMILIES_MAX + 1);
  return Array.from({ length: count }, (_, at) => rest.add(step.mul(at)));
}

function areCongruent(a: Real, b: Real, step: Real): boolean {
  return isWhole(a.sub(b).div(step));
}
