import Fraction from 'fraction.js';
import { angleValue } from '../values/angles.js';
import { spend } from '../compare/budget.js';
import { DOTS } from './dots.js';
import type { Expression, Join } from './expression.js';
import {
  parseItems,
  parseList,
  parseProduct,
  parseRelation,
  parseSum,
  productOf,
  startsFactor,
} from './parseTokens.js';
import { type Reader, chain, deeper, expect, isName, isSign, peek, refuse, take } from './reader.js';
import { parseBracedSystem, parseEnvironment, startsSystem } from './parseMatrix.js';
import { parseIntegral, parseLimit, takeDerivative } from './parseCalculus.js';
import { parseSeries } from './parseSeries.js';
import { digitsOfWords } from '../texts/numberWords.js';
import { FUNCTIONS, type Token } from './tokens.js';
import { determinant } from '../values/matrices.js';
import { numberWords, unitMeaning } from '../values/units.js';

/** One factor with what is attached to it: powers, indices, factorials, percent, degrees, units. */
export function parseAtom(reader: Reader): Expression {
  return deeper(reader, () => {
    const money = peek(reader);
    if (isCurrency(money)) {
      reader.at += 1;
      return parseMoney(reader, `\\${(money as { name: string }).name}`);
    }
    const atom = parseAttached(reader, parsePrimary(reader));
    return atom.kind === 'quantity' ? parseSmaller(reader, atom) : atom;
  });
}

/** `\$12`, `\$12/hour`, `\$12 per hour`. */
function parseMoney(reader: Reader, unit: string): Expression {
  const of = parseAtom(reader);
  return withRate(reader, of, unit);
}

function withRate(reader: Reader, of: Expression, unit: string): Expression {
  if (of.kind === 'quantity' && /^(?:\/|per\b)/.test(of.unit)) return { ...of, unit: `${unit} ${of.unit}` };
  if (of.kind === 'quantity' || !isSign(peek(reader), '/') || peek(reader, 1)?.kind !== 'word')
    return { kind: 'quantity', of, unit };
  const rate = parseUnit(reader, of);
  return rate.kind === 'quantity' ? { ...rate, unit: `${unit} ${rate.unit}` } : refuse();
}

/** `2 hours 30 minutes`, `2 h and 30 min`, `5 ft 6 in` in the smaller unit: one measure, not a list of two. */
function parseSmaller(reader: Reader, start: Expression & { kind: 'quantity' }): Expression {
  let whole = start;
  for (;;) {
    const skip = isSign(peek(reader), 'and') ? 1 : 0;
    const [number, word] = [peek(reader, skip), peek(reader, skip + 1)];
    if (number?.kind !== 'number' || word?.kind !== 'word') return whole;
    const [large, small] = [unitMeaning(whole.unit), unitMeaning(word.text)];
    const isPart = large.known && small.known && large.dimension === small.dimension;
    const ratio = new Fraction(large.over * small.under, large.under * small.over);
    if (!isPart || ratio.compare(1) <= 0 || (skip > 0 && !/^(?:time|money)\^1$/.test(large.dimension)))
      return whole;
    reader.at += skip + 2;
    spend(reader.budget, 1);
    const times: Expression = { kind: 'number', value: ratio, digits: 0 };
    const converted: Expression = { kind: 'product', factors: [whole.of, times] };
    const part: Expression = { kind: 'number', value: number.value, digits: number.digits };
    whole = { kind: 'quantity', of: { kind: 'sum', terms: [converted, part] }, unit: word.text };
  }
}

function parseAttached(reader: Reader, start: Expression): Expression {
  let atom = start;
  for (let links = 0; ; links++) {
    chain(reader, links);
    const token = peek(reader);
    if (!token) return atom;
    if (isStarred(reader) && atom.kind === 'symbol') {
      reader.at += isSign(peek(reader, 1), '{') ? 4 : 2;
      atom = { kind: 'symbol', name: `${atom.name}*` };
    } else if (isSign(token, '^')) {
      reader.at += 1;
      atom = { kind: 'power', base: atom, exponent: parseScript(reader) };
    } else if (isSign(token, '_')) atom = parseIndexed(reader, atom);
    else if (take(reader, '!')) atom = factorialOf(reader, atom);
    else if (take(reader, '%')) atom = { kind: 'percent', of: atom };
    else if (take(reader, "'")) atom = { kind: 'symbol', name: `${nameOf(atom)}'` };
    else if (isName(token, 'deg')) {
      reader.at += 1;
      atom = { kind: 'quantity', of: atom, unit: degreeUnit(reader) };
    } else if (isName(token, 'cent') || isCurrencyBehind(reader)) {
      reader.at += 1;
      atom = withRate(reader, atom, `\\${(token as { name: string }).name}`);
    } else if (token.kind === 'word') atom = parseUnit(reader, atom);
    else return atom;
  }
}

/** `p^*`, `p^{*}`, `p^\star`: a name, no power. */
function isStarred(reader: Reader): boolean {
  if (!isSign(peek(reader), '^')) return false;
  const isGroup = isSign(peek(reader, 1), '{');
  const mark = peek(reader, isGroup ? 2 : 1);
  if (!isSign(mark, '*') && !isName(mark, 'ast', 'star')) return false;
  return !isGroup || isSign(peek(reader, 3), '}');
}

/** `5!!` is 15, the product of every other number, and not (5!)!. */
function factorialOf(reader: Reader, of: Expression): Expression {
  if (!take(reader, '!')) return { kind: 'call', name: 'factorial', args: [of] };
  return isSign(peek(reader), '!') ? refuse() : { kind: 'call', name: 'doubleFactorial', args: [of] };
}

/** `5€`, but `5 · €3`. */
function isCurrencyBehind(reader: Reader): boolean {
  return isCurrency(peek(reader)) && peek(reader, 1)?.kind !== 'number';
}

function isCurrency(token: Token | undefined): boolean {
  return isName(token, 'dollar', 'euro', 'pound', 'yen', 'rupee');
}

/** `20^\circ C` is a temperature. */
function degreeUnit(reader: Reader): string {
  const next = peek(reader);
  const letter = next?.kind === 'symbol' ? next.name : next?.kind === 'word' ? next.text : '';
  if (letter !== 'C' && letter !== 'F') return 'degree';
  reader.at += 1;
  return letter;
}

/** The words behind a number, with their powers and slashes, as text. */
function parseUnit(reader: Reader, of: Expression): Expression {
  const words: string[] = [];
  for (;;) {
    const token = peek(reader);
    if (token?.kind === 'word') words.push(token.text);
    else if (isSign(token, '/') && peek(reader, 1)?.kind === 'word') words.push('/');
    else if (isTimes(token) && words.length > 0 && peek(reader, 1)?.kind === 'word') words.push('*');
    else if (isSign(token, '^') && words.length > 0) {
      reader.at += 1;
      const power = numberIn(parseScript(reader));
      if (power === null) return refuse();
      words[words.length - 1] += `^${power.toFraction()}`;
      continue;
    } else break;
    reader.at += 1;
  }
  const text = words.join(' ');
  const base = /^base ?(\d+)$|^(?:in )?base (\w+)$/i.exec(text);
  if (base && of.kind === 'number') return based(of, Number(base[1] ?? NaN));
  if (/^(?:percent(?:age)?|per cent|pct)$/i.test(text)) return { kind: 'percent', of };
  const { power, unit } = numberWords(text);
  const times: Expression = { kind: 'number', value: new Fraction(10n ** BigInt(power)), digits: 0 };
  const counted: Expression = power === 0 ? of : { kind: 'product', factors: [of, times] };
  return unit === '' ? counted : { kind: 'quantity', of: counted, unit };
}

/** A number with any signs before it; null for anything else. */
function numberIn(expression: Expression): Fraction | null {
  if (expression.kind === 'number') return expression.value;
  return expression.kind === 'negative' ? (numberIn(expression.of)?.neg() ?? null) : null;
}

function isTimes(token: Token | undefined): boolean {
  return isSign(token, '*') || isName(token, 'cdot', 'times');
}

function based(of: Expression & { kind: 'number' }, base: number): Expression {
  return Number.isInteger(base) && base >= 2 ? { kind: 'based', digits: of.value.toFraction(), base } : of;
}

function parseIndexed(reader: Reader, atom: Expression): Expression {
  reader.at += 1;
  const word = isSign(peek(reader), '{') ? peek(reader, 1) : peek(reader);
  const baseWord = word?.kind === 'word' ? /^base ?(\d*)$/i.exec(word.text) : null;
  const named = word?.kind === 'word' && !baseWord ? digitsOfWords(word.text.toLowerCase()) : null;
  if (named && /^\d+$/.test(named) && atom.kind === 'number') {
    parseScript(reader);
    return based(atom, Number(named));
  }
  if (baseWord && atom.kind === 'number') {
    const braced = take(reader, '{');
    reader.at += 1;
    const number = baseWord[1] === '' ? (peek(reader) as { text?: string } | undefined)?.text : baseWord[1];
    if (baseWord[1] === '') reader.at += 1;
    if (braced) expect(reader, '}');
    return based(atom, Number(number));
  }
  const index = parseNameIndex(reader) ?? parseScript(reader, false);
  // `x^2_1` is the square of x_1.
  if (atom.kind === 'power' && atom.base.kind === 'symbol')
    return { ...atom, base: { kind: 'symbol', name: `${atom.base.name}_${nameOf(index)}` } };
  if (atom.kind === 'number' && index.kind === 'number') return based(atom, index.value.valueOf());
  return { kind: 'symbol', name: `${nameOf(atom)}_${nameOf(index)}` };
}

/** Signs that only mark a name: `R_\odot`. */
const MARKS = new Set(['odot', 'oplus', 'perp', 'parallel', 'ast', 'star', 'dagger', 'circ']);

/** `v_{\max}`, `R_\odot`: a function's name that is none there, or a mark. */
function parseNameIndex(reader: Reader): Expression | null {
  const isGroup = isSign(peek(reader), '{') && isSign(peek(reader, 2), '}');
  const token = peek(reader, isGroup ? 1 : 0);
  if (token?.kind !== 'name' || !(FUNCTIONS.has(token.name) || MARKS.has(token.name))) return null;
  reader.at += isGroup ? 3 : 1;
  return { kind: 'text', text: token.name };
}

/** A name for a symbol with an index; anything that has none is no maths we read. */
function nameOf(expression: Expression): string {
  if (expression.kind === 'symbol') return expression.name;
  if (expression.kind === 'number') return expression.value.toFraction();
  if (expression.kind === 'constant' || expression.kind === 'text')
    return expression.kind === 'text' ? expression.text : expression.name;
  if (expression.kind === 'power') return `${nameOf(expression.base)}^${nameOf(expression.exponent)}`;
  if (expression.kind === 'list') return expression.items.map(nameOf).join(',');
  if (expression.kind === 'sum') return expression.terms.map(nameOf).join('+');
  if (expression.kind === 'product') return expression.factors.map(nameOf).join('');
  if (expression.kind === 'negative') return `-${nameOf(expression.of)}`;
  return refuse();
}

/** What stands behind `^` or `_`: a group, or one signed atom without its own powers. */
export function parseScript(reader: Reader, isPower = true): Expression {
  return deeper(reader, () => {
    if (take(reader, '-')) return { kind: 'negative', of: parseScript(reader, isPower) };
    if (take(reader, '+')) return parseScript(reader, isPower);
    if (isSign(peek(reader), '{')) return parseGroup(reader);
    const primary = parsePrimary(reader);
    // In plain text towers are written without braces; but `x_1^2` is the square of x_1.
    if (!isPower || !isSign(peek(reader), '^')) return primary;
    reader.at += 1;
    return { kind: 'power', base: primary, exponent: parseScript(reader) };
  });
}

function parseGroup(reader: Reader): Expression {
  expect(reader, '{');
  const { bars } = reader;
  reader.bars = 0;
  const inner = deeper(reader, () => parseList(reader));
  reader.bars = bars;
  expect(reader, '}');
  return inner;
}

/** Argument of a command: a group, or one token; of a number its first digit, as in `\frac12`. */
export function parseArgument(reader: Reader): Expression {
  if (isSign(peek(reader), '{')) return parseGroup(reader);
  const token = peek(reader);
  if (token?.kind !== 'number' || token.text.length === 1) return parsePrimary(reader);
  const [first, rest] = [token.text[0]!, token.text.slice(1)];
  if (!/^\d+$/.test(token.text)) return refuse();
  const left: Token = { kind: 'number', text: rest, value: new Fraction(rest), digits: 0, spaced: false };
  reader.tokens = reader.tokens.with(reader.at, left);
  return { kind: 'number', value: new Fraction(first), digits: 0 };
}

function parsePrimary(reader: Reader): Expression {
  const token = peek(reader);
  if (!token) return refuse();
  if (token.kind === 'number') return parseNumber(reader, token);
  if (token.kind === 'symbol') {
    reader.at += 1;
    return symbolOf(token.name);
  }
  if (token.kind === 'name') return parseNamed(reader, token.name);
  if (token.kind === 'word') return parseWord(reader, token.text);
  if (token.text === '{') return parseGroup(reader);
  if (startsSystem(reader)) return parseBracedSystem(reader, { parseRelation, parseSum });
  if (token.text === '\\{') return parseSet(reader);
  if (token.text === '(' || token.text === '[') return parseBracket(reader);
  if (token.text === ']') return parseBracket(reader);
  if (token.text === '|') return parseBars(reader);
  return refuse();
}

function symbolOf(name: string): Expression {
  if (name === 'e' || name === 'i') return { kind: 'constant', name };
  return { kind: 'symbol', name };
}

/** A number; before a proper fraction it is the whole part of a mixed number. */
function parseNumber(reader: Reader, token: Token & { kind: 'number' }): Expression {
  reader.at += 1;
  const number: Expression = { kind: 'number', value: token.value, digits: token.digits };
  if (token.digits > 0 || token.value.d !== 1n) return number;
  const [over, slash, under] = [peek(reader), peek(reader, 1), peek(reader, 2)];
  if (over?.kind === 'number' && over.spaced && isSign(slash, '/') && under?.kind === 'number') {
    if (over.value.d !== 1n || under.value.d !== 1n || under.value.n === 0n) return refuse();
    reader.at += 3;
    return { kind: 'number', value: token.value.add(over.value.div(under.value)), digits: 0 };
  }
  if (!isName(over, 'frac')) return number;
  const start = { at: reader.at, tokens: reader.tokens };
  const part = parseNamed(reader, 'frac');
  if (part.kind === 'quotient' && part.over.kind === 'number' && part.under.kind === 'number') {
    return { kind: 'sum', terms: [number, part] };
  }
  Object.assign(reader, start);
  return number;
}

/** A word where a value is expected: a name (`AB`, `area`), which only equals itself. */
function parseWord(reader: Reader, text: string): Expression {
  reader.at += 1;
  if (/^(?:or|and)$/i.test(text)) return refuse();
  return { kind: 'text', text: text.toLowerCase() };
}

function parseNamed(reader: Reader, name: string): Expression {
  reader.at += 1;
  if (name === 'pi') return { kind: 'constant', name: 'pi' };
  if (name === 'infty') return { kind: 'constant', name: 'infinity' };
  if (name === 'imath') return { kind: 'constant', name: 'i' };
  if (name === 'theta') return { kind: 'symbol', name };
  if (name === 'emptyset') return { kind: 'set', items: [] };
  if (name === 'reals') return { kind: 'reals' };
  if (name === 'integers' || name === 'naturals') return { kind: 'integers', isNatural: name === 'naturals' };
  if (/^(?:[lc]?dots)$/.test(name)) return DOTS;
  const derivative = name === 'frac' ? takeDerivative(reader) : null;
  if (derivative) return parseDerivative(reader, derivative);
  if (name === 'frac') return { kind: 'quotient', over: parseArgument(reader), under: parseArgument(reader) };
  if (name === 'binom') return { kind: 'call', name, args: [parseArgument(reader), parseArgument(reader)] };
  if (name === 'sqrt') return parseRoot(reader);
  if (name === 'lfloor') return closedBy(reader, 'rfloor', 'floor');
  if (name === 'lceil') return closedBy(reader, 'rceil', 'ceil');
  if (name === 'langle') return parseAngle(reader);
  if (name === 'det') return parseDeterminant(reader);
  if (name === 'sum' || name === 'prod')
    return deeper(reader, () => parseSeries(reader, name, { parseScript, parseProduct }));
  if (name === 'int') return deeper(reader, () => parseIntegral(reader, CALCULUS));
  if (name === 'lim') return deeper(reader, () => parseLimit(reader, CALCULUS));
  if (name.startsWith('begin '))
    return parseEnvironment(reader, name.slice('begin '.length), { parseRelation, parseSum });
  if (FUNCTIONS.has(name)) return parseFunction(reader, name);
  return refuse();
}

const CALCULUS = { parseScript, parseSum, parseProduct };

/** `\frac{d}{dx} f`: of the product behind it. */
function parseDerivative(
  reader: Reader,
  { order, variable }: { order: number; variable: string },
): Expression {
  const of = deeper(reader, () => parseProduct(reader));
  const times: Expression = { kind: 'number', value: new Fraction(order), digits: 0 };
  return { kind: 'call', name: 'derivative', args: [{ kind: 'symbol', name: variable }, of, times] };
}

function parseRoot(reader: Reader): Expression {
  let index: Expression | null = null;
  if (take(reader, '[')) {
    index = parseSum(reader);
    expect(reader, ']');
  }
  const token = peek(reader);
  const of = isSign(token, '{') ? parseGroup(reader) : parsePrimary(reader);
  return { kind: 'call', name: index ? 'root' : 'sqrt', args: index ? [of, index] : [of] };
}

function closedBy(reader: Reader, close: string, name: string): Expression {
  const inner = parseSum(reader);
  if (!isName(peek(reader), close)) return refuse();
  reader.at += 1;
  return { kind: 'call', name, args: [inner] };
}

/** `\det M`, `\det(M)` of a matrix that is written out. */
function parseDeterminant(reader: Reader): Expression {
  const of = parsePrimary(reader);
  return of.kind === 'matrix' ? (determinant(of.rows, reader.budget) ?? refuse()) : refuse();
}

function parseAngle(reader: Reader): Expression {
  const items = parseItems(reader);
  if (!isName(peek(reader), 'rangle')) return refuse();
  reader.at += 1;
  return { kind: 'bracket', open: '(', close: ')', items };
}

/** Functions of an angle: the 30 of `\sin 30` are radians, those of `\sin 30^\circ` are not. */
const TRIGONOMETRIC = new Set(['sin', 'cos', 'tan', 'cot', 'sec', 'csc']);

const INVERSE = new Map([
  ...[...TRIGONOMETRIC].map((name) => [name, `arc${name}`] as const),
  ...['sinh', 'cosh', 'tanh', 'coth', 'sech', 'csch'].map((name) => [name, `ar${name}`] as const),
]);

/** `\sin x`, `\sin^2 x`, `\sin^{-1} x`, `\log_2 8`, `max(a, b)`. */
function parseFunction(reader: Reader, name: string): Expression {
  let base: Expression | null = null;
  let power: Expression | null = null;
  for (;;) {
    if (take(reader, '_')) base = parseScript(reader);
    else if (take(reader, '^')) power = parseScript(reader);
    else break;
  }
  const written = parseArguments(reader);
  const args = TRIGONOMETRIC.has(name) ? written.map(angleValue) : written;
  if (base) args.push(base);
  const isInverse = power?.kind === 'negative' && power.of.kind === 'number' && power.of.value.equals(1);
  const inverse = isInverse ? INVERSE.get(name) : undefined;
  if (inverse) return { kind: 'call', name: inverse, args: written };
  if (name === 'binomial' && args.length !== 2) return refuse();
  if (name === 'nthroot')
    return args.length > 2 ? refuse() : { kind: 'call', name: args.length === 2 ? 'root' : 'sqrt', args };
  if (name === 'cis') return args.length === 1 && !power ? onCircle(angleValue(args[0]!)) : refuse();
  const call: Expression = { kind: 'call', name: nameOfCall(name, base), args };
  return power ? { kind: 'power', base: call, exponent: power } : call;
}

/** `cis x` is cos x + i sin x. */
function onCircle(angle: Expression): Expression {
  return {
    kind: 'power',
    base: { kind: 'constant', name: 'e' },
    exponent: productOf({ kind: 'constant', name: 'i' }, angle),
  };
}

function nameOfCall(name: string, base: Expression | null): string {
  if (name === 'binomial') return 'binom';
  // `\ln_2 8` has a base, as `\log_2 8`.
  return name === 'ln' && base ? 'log' : name;
}

/** In brackets; without them all factors up to the next sign or function: `\sin 2x \cos x` has the argument 2x. */
function parseArguments(reader: Reader): Expression[] {
  const token = peek(reader);
  if (isSign(token, '\\{')) {
    const set = parseSet(reader);
    return set.kind === 'set' ? set.items : refuse();
  }
  if (isSign(token, '(', '[')) {
    const bracket = parseBracket(reader);
    if (bracket.kind !== 'bracket' && isName(peek(reader), 'deg'))
      return [parseAttachedDegrees(reader, bracket)];
    return bracket.kind === 'bracket' ? bracket.items : [bracket];
  }
  if (isSign(token, '{')) {
    const group = parseGroup(reader);
    return group.kind === 'list' ? group.items : [group];
  }
  let argument = parseAtom(reader);
  for (let next = peek(reader); startsFactor(reader); next = peek(reader)) {
    if (next?.kind === 'name' && FUNCTIONS.has(next.name)) break;
    argument = productOf(argument, parseAtom(reader));
  }
  if (isSign(peek(reader), '/') && peek(reader, 1)?.kind === 'number') {
    reader.at += 1;
    argument = { kind: 'quotient', over: argument, under: parseAtom(reader) };
  }
  return [argument];
}

/** `\sin(90-60)^\circ` */
function parseAttachedDegrees(reader: Reader, of: Expression): Expression {
  reader.at += 1;
  return { kind: 'quantity', of, unit: 'degree' };
}

/** Round or square brackets of either direction; one value in a matching pair is only grouped. */
function parseBracket(reader: Reader): Expression {
  const open = (peek(reader) as { text: string }).text;
  reader.at += 1;
  const { bars } = reader;
  reader.bars = 0;
  const joins: Join[] = [];
  const items = deeper(reader, () => parseItems(reader, joins));
  reader.bars = bars;
  const close = peek(reader);
  if (!isSign(close, ')', ']', '[')) return refuse();
  reader.at += 1;
  const closed = (close as { text: string }).text;
  const paired = open + closed === '()' || open + closed === '[]';
  const rows = open + closed === '[]' ? rowsBetween(items, joins) : null;
  if (rows) return { kind: 'matrix', rows };
  if (items.length === 1) return paired && items[0]!.kind !== 'bracket' ? items[0]! : onlyRow(items, open);
  if (closed === '[' && open === '(') return refuse();
  return { kind: 'bracket', open: open === ']' ? '(' : open, close: closed === '[' ? ')' : closed, items };
}

/** `[1, 2; 3, 4]` has two rows; null for rows of one value, which may be the ends of an interval, and of unequal length. */
function rowsBetween(items: readonly Expression[], joins: readonly Join[]): Expression[][] | null {
  if (!joins.includes(';') || !joins.includes(',')) return null;
  const rows: Expression[][] = [[items[0]!]];
  for (const [at, item] of items.slice(1).entries()) {
    if (joins[at] === ';') rows.push([item]);
    else rows.at(-1)!.push(item);
  }
  return rows.every((row) => row.length === rows[0]!.length) ? rows : null;
}

function onlyRow(items: Expression[], open: string): Expression {
  return open === '[' ? { kind: 'bracket', open, close: ']', items } : items[0]!;
}

/** `\{1, 2\}`, or `\{x \mid x > 3\}`, which is its condition. */
function parseSet(reader: Reader): Expression {
  reader.at += 1;
  if (take(reader, '\\}')) return { kind: 'set', items: [] };
  const { bars } = reader;
  reader.bars = 1;
  const items = deeper(reader, () => parseItems(reader));
  const bar = isName(peek(reader), 'mid') || isSign(peek(reader), '|');
  if (bar) reader.at += 1;
  const condition = bar ? parseList(reader) : null;
  reader.bars = bars;
  expect(reader, '\\}');
  const [first] = items;
  if (condition) return items.length === 1 ? boundCondition(condition) : refuse();
  // `\{x : x > 3\}` has been read as a ratio in a relation.
  const ratio = first?.kind === 'relation' ? first.parts[0] : undefined;
  if (items.length === 1 && first?.kind === 'relation' && ratio?.kind === 'ratio') {
    return { ...first, bound: true, parts: [ratio.parts.at(-1)!, ...first.parts.slice(1)] };
  }
  return { kind: 'set', items };
}

/** A set's condition, or several. */
function boundCondition(condition: Expression): Expression {
  if (condition.kind === 'relation') return { ...condition, bound: true };
  if (condition.kind !== 'list') return refuse();
  return { ...condition, items: condition.items.map(boundCondition) };
}

function parseBars(reader: Reader): Expression {
  expect(reader, '|');
  reader.bars += 1;
  const inner = deeper(reader, () => parseSum(reader));
  reader.bars -= 1;
  expect(reader, '|');
  return { kind: 'call', name: 'abs', args: [inner] };
}
