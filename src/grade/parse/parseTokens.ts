import { type Budget, spend } from '../compare/budget.js';
import { type Expression, type Join, type RelationSign, hasKind, isScalar } from './expression.js';
import { filled } from './dots.js';
import { parseArgument, parseAtom } from './parseAtom.js';
import { NO_MATHS, type Reader, chain, deeper, isName, isSign, peek, take } from './reader.js';
import type { Token } from './tokens.js';

/** Null where the tokens are not an answer in maths. Throws ROW_GRADE_LIMIT. */
export function parseTokens(tokens: readonly Token[], budget: Budget): Expression | null {
  const reader: Reader = { tokens, at: 0, depth: 0, bars: 0, series: 0, budget };
  try {
    const answer = parseList(reader);
    return reader.at === reader.tokens.length ? answer : null;
  } catch (error) {
    if (error === NO_MATHS) return null;
    throw error;
  }
}

/** Items with `,` or `;` between them; a single one is itself. */
export function parseList(reader: Reader): Expression {
  const joins: Join[] = [];
  const items = parseItems(reader, joins);
  return items.length === 1 ? items[0]! : grouped(items, joins);
}

/** `1, 2; 3, 4` has two items of two values. */
function grouped(items: Expression[], joins: Join[]): Expression {
  if (!joins.includes(';')) return { kind: 'list', items, joins };
  const plain = joins.map((join) => (join === ';' ? ',' : join));
  if (!joins.includes(',')) return { kind: 'list', items, joins: plain };
  const groups: Expression[][] = [[items[0]!]];
  for (const [at, item] of items.slice(1).entries()) {
    if (joins[at] === ';') groups.push([item]);
    else groups.at(-1)!.push(item);
  }
  const own = groups.map((group): Expression =>
    group.length === 1 ? group[0]! : { kind: 'list', items: group },
  );
  return own.length === 1 ? own[0]! : { kind: 'list', items: own, joins: own.slice(1).map(() => ',') };
}

export function parseItems(reader: Reader, joins: Join[] = []): Expression[] {
  const items = [parseRelation(reader)];
  for (let join = takeJoin(reader); join; join = takeJoin(reader)) {
    joins.push(join);
    items.push(parseRelation(reader));
  }
  const all = filled(items);
  for (let more = items.length; more < all.length; more++) joins.push(',');
  return all;
}

/** `1, 2, and 3` has two separators in a row, of which the word counts. */
function takeJoin(reader: Reader): Join | null {
  let join: Join | null = null;
  for (;;) {
    if (take(reader, ',')) join ??= ',';
    else if (take(reader, ';')) join ??= ';';
    else if (take(reader, 'and')) join = 'and';
    else if (take(reader, 'or')) join = 'or';
    else return join;
  }
}

const RELATIONS = new Map<string, RelationSign>([
  ['le', '<='],
  ['ge', '>='],
  ['ne', '!='],
  ['in', 'in'],
  ['equiv', '='],
  ['approx', '='],
  ['sim', '='],
  ['simeq', '='],
  ['lt', '<'],
  ['gt', '>'],
]);

export function parseRelation(reader: Reader): Expression {
  return deeper(reader, () => {
    // `≈ 17.1` and `= 17.1` begin with what stood before them.
    if (isSign(peek(reader), '=') || isName(peek(reader), 'approx', 'equiv', 'sim')) reader.at += 1;
    const parts = [parseModulo(reader)];
    const signs: RelationSign[] = [];
    for (let sign = relationSign(peek(reader)); sign; sign = relationSign(peek(reader))) {
      const approximate = isName(peek(reader), 'approx', 'sim', 'simeq');
      const congruent = isName(peek(reader), 'equiv');
      reader.at += 1;
      const part = asResidue(parseModulo(reader), congruent);
      // `1/3 ≈ 0.33` and `x = 1/3 ≈ 0.33` are exact answers with a hint; `x ≈ 0.33` has nothing better.
      if (approximate && (signs.length > 0 || !isNamed(parts[0]!))) continue;
      signs.push(sign);
      parts.push(part);
    }
    return signs.length === 0 ? parts[0]! : { kind: 'relation', parts, signs };
  });
}

/** `1 \pmod 3` */
function parseModulo(reader: Reader): Expression {
  const value = parseRatio(reader);
  if (!isName(peek(reader), 'pmod')) return value;
  reader.at += 1;
  return { kind: 'call', name: 'residue', args: [value, parseArgument(reader)] };
}

/** The right side of `x \equiv 1 \bmod 3` is no number. */
function asResidue(part: Expression, congruent: boolean): Expression {
  return congruent && part.kind === 'call' && part.name === 'mod' ? { ...part, name: 'residue' } : part;
}

/** `x`, `\Delta p` */
function isNamed(part: Expression): boolean {
  return part.kind === 'symbol' || (part.kind === 'product' && part.letters !== undefined);
}

function relationSign(token: Token | undefined): RelationSign | null {
  if (isSign(token, '=', '<', '>')) return (token as { text: RelationSign }).text;
  return token?.kind === 'name' ? (RELATIONS.get(token.name) ?? null) : null;
}

function parseRatio(reader: Reader): Expression {
  const start = reader.at;
  const parts = [parseSetOperation(reader)];
  while (isSign(peek(reader), ':')) {
    reader.at += 1;
    parts.push(parseSetOperation(reader));
  }
  if (parts.length === 1) return parts[0]!;
  const clock = clockOf(reader.tokens.slice(start, reader.at));
  return clock === null ? { kind: 'ratio', parts } : { kind: 'ratio', parts, clock };
}

/**
 * Hours up to 23 and minutes in two digits; null for what can be no time of day. `8:34pm` is `20:34p`, and seconds stand only where
 * there are any.
 */
function clockOf(tokens: readonly Token[]): string | null {
  if (tokens.length > 7) return null;
  const text = tokens.map((token) => ('text' in token ? token.text : '?')).join('');
  const found = /^0?(\d{1,2})(:[0-5]\d)(:[0-5]\d)?([ap])?\.?(?:m\.?)?$/i.exec(text);
  if (!found || Number(found[1]) > 23) return null;
  const [, hours, minutes, seconds = '', written = ''] = found;
  const half = written.toLowerCase();
  const isLate = half === 'p' && Number(hours) < 12;
  const hour = half === 'a' && hours === '12' ? 0 : Number(hours) + (isLate ? 12 : 0);
  return `${hour}${minutes}${seconds === ':00' ? '' : seconds}${half}`;
}

const SET_OPERATIONS = { cup: 'union', cap: 'intersection', setminus: 'without' } as const;

function parseSetOperation(reader: Reader): Expression {
  let left = parseSum(reader);
  let links = 0;
  for (let token = peek(reader); isName(token, 'cup', 'cap', 'setminus'); token = peek(reader)) {
    reader.at += 1;
    chain(reader, ++links);
    const name = SET_OPERATIONS[(token as { name: 'cup' | 'cap' | 'setminus' }).name];
    left = { kind: 'setOperation', name, left, right: parseSum(reader) };
  }
  return left;
}

export function parseSum(reader: Reader): Expression {
  let left: Expression | null = null;
  let links = 0;
  for (;;) {
    spend(reader.budget, 1);
    if (isName(peek(reader), 'pm', 'mp')) {
      const flipped = isName(peek(reader), 'mp');
      reader.at += 1;
      chain(reader, ++links);
      left = { kind: 'plusMinus', left, right: parseProduct(reader), flipped };
      continue;
    }
    const minus = isSign(peek(reader), '-');
    if (!minus && !isSign(peek(reader), '+')) {
      if (left) return left.kind === 'sum' ? { kind: 'sum', terms: filled(left.terms) } : left;
      left = parseProduct(reader);
      continue;
    }
    reader.at += 1;
    const signed: Expression = minus ? { kind: 'negative', of: parseProduct(reader) } : parseProduct(reader);
    left = left ? append(left, signed) : signed;
  }
}

function append(left: Expression, term: Expression): Expression {
  if (left.kind !== 'sum') return { kind: 'sum', terms: [left, term] };
  left.terms.push(term);
  return left;
}

/** A name is no longer; a product may be. */
const LETTERS_MAX = 12;

/** Factors with or without a sign between them, from left to right: `a/bc` is (a/b)c. */
export function parseProduct(reader: Reader): Expression {
  const start = reader.at;
  let last = parseSigned(reader);
  let left = last;
  let links = 0;
  for (;;) {
    spend(reader.budget, 1);
    const token = peek(reader);
    if (isSign(token, '*') || isName(token, 'cdot', 'times')) {
      reader.at += 1;
      last = unbraced(parseSigned(reader));
      left = productOf(unbraced(left), last);
    } else if (isSign(token, '/') || isName(token, 'div')) {
      reader.at += 1;
      chain(reader, ++links);
      const under = peek(reader);
      last = parseSigned(reader);
      left = quotientOf(left, under, last);
    } else if (isName(token, 'bmod', 'mod')) {
      reader.at += 1;
      chain(reader, ++links);
      left = { kind: 'call', name: 'mod', args: [left, parseSigned(reader)] };
    } else if (startsFactor(reader) || takesNumber(reader, last) || opensGroup(reader, last)) {
      last = unbraced(parseAtom(reader));
      left = productOf(unbraced(left), last);
    } else return lettered(left, reader.tokens.slice(start, reader.at));
  }
}

/** What a number may stand behind as a factor: `2^6 3^5`, `\pi 3`, `(n+1)3`; but two numbers are no product, and `x1` is a name. */
const BEFORE_NUMBER = new Set<Expression['kind']>([
  ...(['symbol', 'constant', 'sum', 'product', 'quotient', 'power', 'negative', 'call'] as const),
]);

function takesNumber(reader: Reader, last: Expression): boolean {
  const token = peek(reader);
  if (token?.kind !== 'number' || !BEFORE_NUMBER.has(last.kind) || hasKind(last, 'quantity')) return false;
  if (last.kind === 'negative' && last.of.kind === 'number') return isSign(peek(reader, -1), ')');
  if (last.kind !== 'symbol') return true;
  return token.spaced || isSign(peek(reader, 1), '^');
}

/** `\{1+2\}\{3-4\}` and `[1+2][3-4]`: braces and square brackets as round ones. */
function opensGroup(reader: Reader, last: Expression): boolean {
  if (isSign(peek(reader), '\\{')) return unbraced(last) !== last;
  if (!isSign(peek(reader), '[') || !isScalar(last)) return false;
  return isSign(peek(reader, -1), ']', ')') || closesOverOne(reader);
}

/** Whether the square bracket that opens here holds a single value: `2[x+1]` is a product, `x [1, 2]` is none. */
function closesOverOne(reader: Reader): boolean {
  let depth = 0;
  for (let ahead = 0; ; ahead++) {
    spend(reader.budget, 1);
    const token = peek(reader, ahead);
    if (!token) return false;
    if (isSign(token, '(', '[', '{', '\\{')) depth += 1;
    else if (isSign(token, ')', ']', '}', '\\}')) depth -= 1;
    if (depth === 0) return isSign(token, ']');
    if (depth === 1 && isSign(token, ',', ';')) return false;
  }
}

function unbraced(expression: Expression): Expression {
  const [only] = expression.kind === 'set' ? expression.items : [];
  return only && expression.kind === 'set' && expression.items.length === 1 && isScalar(only)
    ? only
    : expression;
}

/** `1/2 m` is half a metre; `1/(2 m)` is not. */
function quotientOf(over: Expression, start: Token | undefined, under: Expression): Expression {
  if (under.kind !== 'quantity' || start?.kind !== 'number' || hasKind(over, 'quantity'))
    return { kind: 'quotient', over, under };
  return { ...under, of: { kind: 'quotient', over, under: under.of } };
}

/** `ABC` is a name as well as a product. */
function lettered(product: Expression, tokens: readonly Token[]): Expression {
  if (product.kind !== 'product' || tokens.length > LETTERS_MAX) return product;
  const names = tokens.map((token) => (token.kind === 'symbol' ? token.name : null));
  return names.includes(null) ? product : { ...product, letters: names.join(' ') };
}

function parseSigned(reader: Reader): Expression {
  return deeper(reader, () => {
    if (take(reader, '-')) return { kind: 'negative', of: parseSigned(reader) };
    if (take(reader, '+')) return parseSigned(reader);
    return parseAtom(reader);
  });
}

export function productOf(left: Expression, right: Expression): Expression {
  if (left.kind !== 'product') return { kind: 'product', factors: [left, right] };
  return { kind: 'product', factors: [...left.factors, right] };
}

const NO_FACTOR = new Set([
  ...[
    'cdot',
    'times',
    'div',
    'pm',
    'mp',
    'cup',
    'cap',
    'setminus',
    'le',
    'ge',
    'ne',
    'in',
    'equiv',
    'lt',
    'gt',
  ],
  ...[
    'approx',
    'mid',
    'bmod',
    'mod',
    'pmod',
    'ldots',
    'cdots',
    'dots',
    'rfloor',
    'rceil',
    'rangle',
    'to',
    'implies',
  ],
]);

/** Whether a factor without a sign before it stands next: two numbers in a row are no product. */
export function startsFactor(reader: Reader): boolean {
  const token = peek(reader);
  if (!token) return false;
  if (token.kind === 'symbol') return true;
  if (token.kind === 'name') return !NO_FACTOR.has(token.name) && !token.name.startsWith('end ');
  if (isSign(token, '|')) return reader.bars === 0;
  return isSign(token, '(', '{');
}
