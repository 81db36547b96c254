import Fraction from 'fraction.js';
import { type Expression, mapParts } from '../parse/expression.js';
import { unitMeaning } from './units.js';

export function isDegrees(expression: Expression): boolean {
  return expression.kind === 'quantity' && unitMeaning(expression.unit).dimension === 'angle^1';
}

export function isRadians(expression: Expression): boolean {
  return expression.kind === 'quantity' && unitMeaning(expression.unit).dimension === 'radian^1';
}

/** So many degrees as a number. */
export function radians(degrees: Expression): Expression {
  const pi: Expression = { kind: 'constant', name: 'pi' };
  const ratio: Expression = { kind: 'number', value: new Fraction(1, 180), digits: 0 };
  return { kind: 'product', factors: [degrees, pi, ratio] };
}

/** What a sine takes: every angle with its unit as a number of radians, wherever it stands. */
export function angleValue(expression: Expression): Expression {
  const inner = mapParts(expression, angleValue);
  if (inner.kind !== 'quantity') return inner;
  if (isDegrees(inner)) return radians(inner.of);
  return isRadians(inner) ? inner.of : inner;
}
