import Fraction from 'fraction.js';
import { type Comparison, sameScalar } from '../compare/compareScalars.js';
import { type Expression, isScalar, mapParts, symbolsOf } from '../parse/expression.js';

/** Vectors of i, j and k as their coordinates. */

const BASIS = ['hat i', 'hat j', 'hat k'] as const;
const PLAIN = new Map<string, string>([
  ['j', 'hat j'],
  ['k', 'hat k'],
]);

/** Whether it names a vector of the basis as one: `\hat{i}`, `\mathbf{j}`. */
export function hasBasis(expression: Expression): boolean {
  const names = symbolsOf(expression);
  return BASIS.some((name) => names.has(name));
}

/** With i, j and k as vectors, whatever they are written like. */
export function asBasis(expression: Expression): Expression {
  if (expression.kind === 'constant' && expression.name === 'i') return { kind: 'symbol', name: 'hat i' };
  if (expression.kind === 'symbol')
    return { kind: 'symbol', name: PLAIN.get(expression.name) ?? expression.name };
  return mapParts(expression, asBasis);
}

/** Coordinates of a sum of i, j and k with factors; null for what is none. Two of them where k is not named and two are wanted. */
export function coordinatesOf(
  expression: Expression,
  wanted: number,
  comparison: Comparison,
): Expression[] | null {
  if (!isScalar(expression) || !hasBasis(expression)) return null;
  const names = symbolsOf(expression);
  const size = wanted === 2 && !names.has('hat k') ? 2 : 3;
  const at = BASIS.map((_, index) => atUnit(expression, index));
  const back: Expression = {
    kind: 'sum',
    terms: at.map((value, index) => ({
      kind: 'product',
      factors: [value, { kind: 'symbol', name: BASIS[index]! }],
    })),
  };
  return sameScalar(expression, back, comparison) ? at.slice(0, size) : null;
}

function atUnit(expression: Expression, index: number): Expression {
  if (expression.kind === 'symbol') {
    const at = BASIS.indexOf(expression.name as (typeof BASIS)[number]);
    return at < 0 ? expression : { kind: 'number', value: new Fraction(at === index ? 1 : 0), digits: 0 };
  }
  return mapParts(expression, (part) => atUnit(part, index));
}
