import { type Expression, mapParts } from './expression.js';
import { type Reader, isSign, peek, refuse, take } from './reader.js';

/** What the grammar reads at the ends of a sum, and in it. */
export interface SeriesGrammar {
  parseScript: (reader: Reader) => Expression;
  parseProduct: (reader: Reader) => Expression;
}

/** Stands for the variable of a sum: no answer can name it, and its name in the answer says nothing. */
export const BOUND = '#';

/** `\sum_{k=1}^{n} a_k` and `\prod`, behind their command. */
export function parseSeries(
  reader: Reader,
  name: 'sum' | 'prod',
  { parseScript, parseProduct }: SeriesGrammar,
): Expression {
  let below: Expression | null = null;
  let upper: Expression | null = null;
  while (isSign(peek(reader), '_', '^')) {
    if (take(reader, '_')) below = parseScript(reader);
    else if (take(reader, '^')) upper = parseScript(reader);
  }
  if (below?.kind !== 'relation' || below.signs.join() !== '=' || !upper) return refuse();
  const [variable, lower] = below.parts;
  // In a sum, i is its variable.
  if (!lower || !(variable?.kind === 'symbol' || variable?.kind === 'constant')) return refuse();
  const own = `${BOUND}${reader.series}`;
  reader.series += 1;
  const body = bound(parseProduct(reader), variable.name, own);
  reader.series -= 1;
  return { kind: 'call', name, args: [{ kind: 'symbol', name: own }, body, lower, upper] };
}

/** With the variable renamed, also in indices: `F_{n-k}`. */
export function bound(expression: Expression, name: string, to: string): Expression {
  if (expression.kind === 'constant' && expression.name === name) return { kind: 'symbol', name: to };
  if (expression.kind !== 'symbol') return mapParts(expression, (part) => bound(part, name, to));
  if (expression.name === name) return { kind: 'symbol', name: to };
  const [base, ...index] = expression.name.split('_');
  if (index.length === 0) return expression;
  const letter = new RegExp(`(?<![A-Za-z])${name.replace(/[^A-Za-z]/g, '')}(?![A-Za-z])`, 'g');
  return { kind: 'symbol', name: `${base}_${index.join('_').replace(letter, to)}` };
}
