import Fraction from 'fraction.js';
import type { Expression } from './expression.js';

/** Values that go on: `1, 2, …, 10` with all that is left out, where it is clear; `1, 2, 3, …` as it is. */

export const DOTS: Expression = { kind: 'text', text: '…' };
const ITEMS_MAX = 200;

export function isDots(expression: Expression): boolean {
  return expression.kind === 'text' && expression.text === '…';
}

/** With all values of an arithmetic or geometric progression between its first ones and the last; the same where it has no dots to fill. */
export function filled(items: readonly Expression[]): Expression[] {
  const at = items.findIndex(isDots);
  if (at < 2 || at !== items.length - 2) return [...items];
  const values = [...items.slice(0, at), items.at(-1)!].map(wholeOf);
  if (!values.every((value) => value !== null)) return [...items];
  const known = values.slice(0, -1);
  const [before, last] = [known.at(-1)!, values.at(-1)!];
  const next = nextOf(known);
  if (!next) return [...items];
  const more: Fraction[] = [];
  for (let value = next(before); more.length < ITEMS_MAX; value = next(value)) {
    more.push(value);
    if (value.equals(last)) return [...items.slice(0, at), ...more.map(numberOf)];
  }
  return [...items];
}

/** By what is added, or multiplied where three values say so. */
function nextOf(known: readonly Fraction[]): ((value: Fraction) => Fraction) | null {
  const [first, second] = known as [Fraction, Fraction];
  const step = second.sub(first);
  const follows = (next: (value: Fraction) => Fraction): boolean =>
    known.slice(1).every((value, index) => value.equals(next(known[index]!)));
  const added = (value: Fraction): Fraction => value.add(step);
  if (!step.equals(0) && follows(added)) return added;
  if (known.length < 3 || first.equals(0)) return null;
  const factor = second.div(first);
  const multiplied = (value: Fraction): Fraction => value.mul(factor);
  return !factor.equals(0) && follows(multiplied) ? multiplied : null;
}

function wholeOf(expression: Expression): Fraction | null {
  if (expression.kind === 'negative') return wholeOf(expression.of)?.neg() ?? null;
  return expression.kind === 'number' && expression.value.d === 1n && expression.value.n < 10n ** 15n
    ? expression.value
    : null;
}

function numberOf(value: Fraction): Expression {
  return { kind: 'number', value, digits: 0 };
}
