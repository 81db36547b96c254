import Fraction from 'fraction.js';
import { isDegrees, radians } from './angles.js';
import { type Comparison, sameScalar } from './compareScalars.js';
import type { Expression } from './expression.js';
import { isTelling, unitMeaning } from './units.js';

/**
 * Values with a unit, a percent sign or a base; null where neither side has one. What one side leaves out is not held against
 * it: `5 cm` is 5, `50 %` is 50 as well as 0.5; but for what changes the meaning, as `6 pm` and `20 % decrease`. Two units must be of
 * the same kind, and are converted; two that stand in no table must be the same words.
 */
export function sameQuantity(left: Expression, right: Expression, comparison: Comparison): boolean | null {
  const [a, b] = [outerSign(left), outerSign(right)];
  if (a.kind === 'quantity' || b.kind === 'quantity') return sameMeasure(a, b, comparison);
  if (a.kind === 'percent' || b.kind === 'percent') return samePercent(a, b, comparison);
  if (a.kind === 'based' || b.kind === 'based') return sameBased(a, b, comparison);
  return null;
}

/** −(5 cm) as (−5) cm, and 2 · (3 %) left as it is. */
function outerSign(expression: Expression): Expression {
  if (expression.kind !== 'negative') return expression;
  const of = outerSign(expression.of);
  if (of.kind === 'quantity' || of.kind === 'percent') return { ...of, of: { kind: 'negative', of: of.of } };
  return of.kind === 'based' ? { ...of, digits: `-${of.digits}` } : expression;
}

function sameMeasure(a: Expression, b: Expression, comparison: Comparison): boolean {
  if (a.kind !== 'quantity') return sameMeasure(b, a, comparison);
  if (b.kind !== 'quantity') {
    if (isTelling(a.unit)) return false;
    const plain = sameQuantity(a.of, b, comparison) ?? sameScalar(a.of, b, comparison);
    return plain || (isDegrees(a) && sameScalar(radians(a.of), b, comparison));
  }
  const [x, y] = [unitMeaning(a.unit), unitMeaning(b.unit)];
  if (isDegrees(a) && y.dimension === 'radian^1') return sameScalar(radians(a.of), b.of, comparison);
  if (isDegrees(b) && x.dimension === 'radian^1') return sameScalar(a.of, radians(b.of), comparison);
  if (x.dimension !== y.dimension) return false;
  const [of, other] = [scaled(a.of, x.over, x.under), scaled(b.of, y.over, y.under)];
  return sameQuantity(of, other, comparison) ?? sameScalar(of, other, comparison);
}

function number(value: Fraction): Expression {
  return { kind: 'number', value, digits: 0 };
}

function scaled(of: Expression, over: bigint, under: bigint): Expression {
  if (over === under) return of;
  return { kind: 'product', factors: [of, number(new Fraction(over, under))] };
}

function samePercent(a: Expression, b: Expression, comparison: Comparison): boolean {
  if (a.kind !== 'percent') return samePercent(b, a, comparison);
  if (b.kind === 'percent') return sameScalar(a.of, b.of, comparison);
  return sameScalar(a, b, comparison) || sameScalar(a.of, b, comparison);
}

/** In the same base the same digits; in two bases the same value; digits without a base stand for themselves. */
function sameBased(a: Expression, b: Expression, comparison: Comparison): boolean {
  if (a.kind !== 'based') return sameBased(b, a, comparison);
  if (b.kind === 'based' && a.base === b.base) return a.digits === b.digits;
  if (b.kind === 'based') return sameScalar(a, b, comparison);
  const negative = b.kind === 'negative' && b.of.kind === 'number';
  const digits = b.kind === 'number' ? b.value.toFraction() : negative ? `-${valueText(b.of)}` : null;
  return digits === a.digits;
}

function valueText(expression: Expression): string {
  return expression.kind === 'number' ? expression.value.toFraction() : '';
}
