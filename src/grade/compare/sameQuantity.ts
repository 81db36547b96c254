import Fraction from 'fraction.js';
import { isDegrees, isRadians, radians } from '../values/angles.js';
import { type Comparison, sameScalar } from './compareScalars.js';
import { type Expression, hasKind, mapParts, partsOf } from '../parse/expression.js';
import { isTelling, unitMeaning, unitMeanings } from '../values/units.js';

/**
 * Values with a unit, a percent sign or a base; null where neither side has one. What one side leaves out is not held against
 * it: `5 cm` is 5, `50 %` is 50 as well as 0.5; but for what changes the meaning, as `6 pm` and `20 % decrease`. Two units must be of
 * the same kind, and are converted; two that stand in no table must be the same words.
 */
export function sameQuantity(left: Expression, right: Expression, comparison: Comparison): boolean | null {
  const [a, b] = [outerSign(left), outerSign(right)];
  if (isMixed(a) || isMixed(b)) return sameScalar(unitsAsSymbols(a), unitsAsSymbols(b), comparison);
  if (a.kind === 'quantity' || b.kind === 'quantity') return sameMeasure(a, b, comparison);
  if (a.kind === 'percent' || b.kind === 'percent') return samePercent(a, b, comparison);
  if (a.kind === 'based' || b.kind === 'based') return sameBased(a, b, comparison);
  return null;
}

/** −(5 cm) as (−5) cm, and 2 · (3 %) left as it is. */
function outerSign(expression: Expression): Expression {
  if (expression.kind !== 'negative') return measured(expression);
  const of = outerSign(expression.of);
  if (of.kind === 'quantity' || of.kind === 'percent') return { ...of, of: { kind: 'negative', of: of.of } };
  return of.kind === 'based' ? { ...of, digits: `-${of.digits}` } : expression;
}

/** `2\sqrt{3} cm` has its unit behind the root alone, `3 + \sqrt{2} cm` behind its last term: it belongs to all of it. */
function measured(expression: Expression): Expression {
  if (!hasKind(expression, 'quantity')) return expression;
  if (expression.kind === 'product') return withUnitOf(expression.factors, expression) ?? expression;
  if (expression.kind === 'quotient' && !hasKind(expression.under, 'quantity')) {
    const over = outerSign(expression.over);
    return over.kind === 'quantity' ? { ...over, of: { ...expression, over: over.of } } : expression;
  }
  return expression.kind === 'sum' ? (sumOf(expression.terms) ?? expression) : expression;
}

/** Null unless exactly one of the parts has a unit. */
function withUnitOf(parts: readonly Expression[], product: Expression): Expression | null {
  const own = parts.map(outerSign);
  const units = own.filter((part) => hasKind(part, 'quantity'));
  const [only] = units;
  if (units.length !== 1 || only?.kind !== 'quantity' || product.kind !== 'product') return null;
  return { ...only, of: { kind: 'product', factors: own.map((part) => (part === only ? only.of : part)) } };
}

/** `2 apples + 3 pears`: more than one kind of unit, and none for all of it. */
function isMixed(expression: Expression): boolean {
  return expression.kind !== 'quantity' && dimensionsOf(expression).size > 1;
}

function dimensionsOf(expression: Expression, into = new Set<string>()): Set<string> {
  if (expression.kind === 'quantity') into.add(unitMeaning(expression.unit).dimension);
  for (const part of partsOf(expression)) dimensionsOf(part, into);
  return into;
}

function unitsAsSymbols(expression: Expression): Expression {
  const inner = mapParts(expression, unitsAsSymbols);
  if (inner.kind !== 'quantity') return inner;
  const { dimension, over, under } = unitMeaning(inner.unit);
  const unit: Expression = { kind: 'symbol', name: `unit ${dimension}` };
  return { kind: 'product', factors: [scaled(inner.of, over, under), unit] };
}

/** All terms in the unit of the first, or the unit of the last for all; null where units are mixed. */
function sumOf(terms: readonly Expression[]): Expression | null {
  const own = terms.map(outerSign);
  const [first, last] = [own[0]!, own.at(-1)!];
  if (last.kind !== 'quantity') return null;
  if (own.slice(0, -1).every((term) => !hasKind(term, 'quantity')))
    return { ...last, of: { kind: 'sum', terms: [...own.slice(0, -1), last.of] } };
  if (first.kind !== 'quantity') return null;
  const base = unitMeaning(first.unit);
  const converted = own.map((term) => {
    if (term.kind !== 'quantity') return null;
    const { dimension, over, under } = unitMeaning(term.unit);
    return dimension === base.dimension ? scaled(term.of, over * base.under, under * base.over) : null;
  });
  return converted.every((term) => term !== null)
    ? { ...first, of: { kind: 'sum', terms: converted } }
    : null;
}

type Measure = Expression & { kind: 'quantity' };

function sameMeasure(a: Expression, b: Expression, comparison: Comparison): boolean {
  if (a.kind !== 'quantity') return sameMeasure(b, a, comparison);
  if (b.kind === 'percent') return /percent/i.test(a.unit) && sameScalar(a.of, b.of, comparison);
  if (b.kind !== 'quantity') {
    if (isTelling(a.unit)) return false;
    const plain = sameQuantity(a.of, b, comparison) ?? sameScalar(a.of, b, comparison);
    return plain || (isDegrees(a) && sameScalar(radians(a.of), b, comparison));
  }
  if (isDegrees(a) && isRadians(b)) return sameScalar(radians(a.of), b.of, comparison);
  if (isDegrees(b) && isRadians(a)) return sameScalar(a.of, radians(b.of), comparison);
  const meanings = unitMeanings(a.unit).flatMap((x) => unitMeanings(b.unit).map((y) => [x, y] as const));
  const [x, y] = meanings.find(([one, other]) => one.dimension === other.dimension) ?? [];
  if (!x || !y) return sameTemperature(a, b, comparison);
  const [of, other] = [scaled(a.of, x.over, x.under), scaled(b.of, y.over, y.under)];
  return sameQuantity(of, other, comparison) ?? sameScalar(of, other, comparison);
}

/** Kelvin, in which 0 °C and 0 °F are so much. */
const SCALES = new Map<string, { factor: Fraction; zero: Fraction }>([
  ['kelvin^1', { factor: new Fraction(1), zero: new Fraction(0) }],
  ['celsius^1', { factor: new Fraction(1), zero: new Fraction('273.15') }],
  ['fahrenheit^1', { factor: new Fraction(5, 9), zero: new Fraction('273.15').sub(new Fraction(160, 9)) }],
]);

function sameTemperature(a: Measure, b: Measure, comparison: Comparison): boolean {
  const [x, y] = [a, b].map(({ of, unit }): Expression | null => {
    const scale = SCALES.get(unitMeaning(unit).dimension);
    if (!scale) return null;
    const grown: Expression = { kind: 'product', factors: [of, number(scale.factor)] };
    return { kind: 'sum', terms: [grown, number(scale.zero)] };
  });
  return !!x && !!y && sameScalar(x, y, comparison);
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
  if (b.kind === 'based' && (a.base === b.base || isUnsaid(a, b))) return a.digits === b.digits;
  if (b.kind === 'based') return sameScalar(a, b, comparison);
  const negative = b.kind === 'negative' && b.of.kind === 'number';
  const digits = b.kind === 'number' ? b.value.toFraction() : negative ? `-${valueText(b.of)}` : null;
  return digits === a.digits;
}

/** Digits with letters, of which only one side says the base. */
function isUnsaid(a: Based, b: Based): boolean {
  return (a.base === 0) !== (b.base === 0);
}

type Based = Expression & { kind: 'based' };

function valueText(expression: Expression): string {
  return expression.kind === 'number' ? expression.value.toFraction() : '';
}
