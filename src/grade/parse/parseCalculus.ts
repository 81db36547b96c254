import Fraction from 'fraction.js';
import type { Expression } from './expression.js';
import { BOUND, bound } from './parseSeries.js';
import { type Reader, deeper, expect, isName, isSign, peek, refuse, take } from './reader.js';
import type { Token } from './tokens.js';

/** What the grammar reads inside integrals, limits and derivatives. */
export interface CalculusGrammar {
  parseScript: (reader: Reader, isPower: boolean) => Expression;
  parseSum: (reader: Reader) => Expression;
  parseProduct: (reader: Reader) => Expression;
}

/**
 * `\int_a^b f dx` behind its command, as a call `integral` of variable, integrand and ends; without ends as `antiderivative` of variable
 * and integrand.
 */
export function parseIntegral(reader: Reader, grammar: CalculusGrammar): Expression {
  let lower: Expression | null = null;
  let upper: Expression | null = null;
  while (isSign(peek(reader), '_', '^')) {
    if (take(reader, '_')) lower = grammar.parseScript(reader, false);
    else if (take(reader, '^')) upper = grammar.parseScript(reader, false);
  }
  if ((lower === null) !== (upper === null)) return refuse();
  const { variable, body } = readIntegrand(reader, grammar);
  if (!lower || !upper)
    return { kind: 'call', name: 'antiderivative', args: [{ kind: 'symbol', name: variable }, body] };
  return inside(reader, (own) => ({
    kind: 'call',
    name: 'integral',
    args: [{ kind: 'symbol', name: own }, bound(body, variable, own), lower, upper],
  }));
}

/** Each variable that is bound has the number of the ones around it in its name. */
function inside(reader: Reader, make: (own: string) => Expression): Expression {
  const own = `${BOUND}${reader.series}`;
  reader.series += 1;
  const made = make(own);
  reader.series -= 1;
  return made;
}

/** Up to its `dx`, which may also stand in a numerator, `\frac{dx}{x}`. */
function readIntegrand(reader: Reader, grammar: CalculusGrammar): { variable: string; body: Expression } {
  const end = differentialAt(reader);
  if (!end) return refuse();
  const { at, depth, variable } = end;
  const one: Token = { kind: 'number', text: '1', value: new Fraction(1), digits: 0, spaced: false };
  const isAlone = at === reader.at || isSign(reader.tokens[at - 1], '{');
  const tokens = reader.tokens.toSpliced(at, 2, ...(isAlone ? [one] : []));
  const length = depth === 0 ? at + (isAlone ? 1 : 0) : undefined;
  const part: Reader = { ...reader, tokens: tokens.slice(0, length), series: reader.series + 1 };
  const body = deeper(reader, () => (depth === 0 ? grammar.parseSum(part) : grammar.parseProduct(part)));
  if (depth === 0 && part.at !== part.tokens.length) return refuse();
  reader.tokens = depth === 0 ? reader.tokens : part.tokens.concat(tokens.slice(part.tokens.length));
  reader.at = depth === 0 ? at + 2 : part.at;
  return { variable, body };
}

interface Differential {
  at: number;
  /** Groups around it. */
  depth: number;
  variable: string;
}

/** The one that ends this integral, behind those of the integrals in it. */
function differentialAt(reader: Reader): Differential | null {
  let wanted = 1;
  let depth = 0;
  for (let at = reader.at; at < reader.tokens.length; at++) {
    const token = reader.tokens[at];
    if (isName(token, 'int')) wanted += 1;
    if (isSign(token, '{', '(', '[')) depth += 1;
    if (isSign(token, '}', ')', ']')) depth -= 1;
    if (depth < 0) return null;
    if (token?.kind !== 'symbol' || token.name !== 'd') continue;
    const next = reader.tokens[at + 1];
    const variable = next?.kind === 'symbol' || next?.kind === 'name' ? next.name : '';
    if (!/^(?:[A-Za-z]|theta|phi|alpha|tau|rho|omega|lambda)$/.test(variable)) continue;
    wanted -= 1;
    if (wanted === 0) return { at, depth, variable };
  }
  return null;
}

/** `\lim_{x \to a} f` behind its command, also from one side: `a^+`. */
export function parseLimit(reader: Reader, grammar: CalculusGrammar): Expression {
  expect(reader, '_');
  expect(reader, '{');
  const variable = peek(reader);
  if (variable?.kind !== 'symbol') return refuse();
  reader.at += 1;
  if (!isName(peek(reader), 'to', 'rightarrow', 'longrightarrow')) return refuse();
  reader.at += 1;
  const end = closingAt(reader);
  const { target, side } = targetOf(reader, end, grammar);
  reader.at = end + 1;
  const body = grammar.parseProduct(reader);
  return inside(reader, (own) => ({
    kind: 'call',
    name: `limit${side}`,
    args: [{ kind: 'symbol', name: own }, bound(body, variable.name, own), target],
  }));
}

function closingAt(reader: Reader): number {
  let depth = 0;
  for (let at = reader.at; at < reader.tokens.length; at++) {
    if (isSign(reader.tokens[at], '{')) depth += 1;
    else if (isSign(reader.tokens[at], '}') && depth-- === 0) return at;
  }
  return refuse();
}

/** `0`, `0^+`, `0^{-}`, `-\infty`, `+\infty`. */
function targetOf(
  reader: Reader,
  end: number,
  grammar: CalculusGrammar,
): { target: Expression; side: '' | 'Above' | 'Below' } {
  const braced = isSign(reader.tokens[end - 1], '}') ? 1 : 0;
  const sign = reader.tokens[end - 1 - braced];
  const isMarked = isSign(sign, '+', '-');
  const stop = isMarked
    ? end - 1 - 2 * braced - (isSign(reader.tokens[end - 2 - 2 * braced], '^') ? 1 : 0)
    : end;
  const part: Reader = { ...reader, tokens: reader.tokens.slice(0, stop) };
  const target = grammar.parseSum(part);
  if (part.at !== stop) return refuse();
  return { target, side: !isMarked ? '' : isSign(sign, '+') ? 'Above' : 'Below' };
}

/** The order and the variable of `\frac{d}{dx}` and `\frac{\partial^2}{\partial x^2}` behind `\frac`; null for any other fraction. */
export function takeDerivative(reader: Reader): { order: number; variable: string } | null {
  const start = reader.at;
  const over = takeDifferential(reader, false);
  const under = over && takeDifferential(reader, true);
  if (over && under && over.order === under.order && /^.+$/.test(under.variable))
    return { order: over.order, variable: under.variable };
  reader.at = start;
  return null;
}

/** `{d}`, `{d^2}`, `{dx}`, `{dx^2}`, `{\partial x}`. */
function takeDifferential(reader: Reader, hasVariable: boolean): { order: number; variable: string } | null {
  if (!take(reader, '{')) return null;
  const sign = peek(reader);
  if (sign?.kind !== 'symbol' || (sign.name !== 'd' && sign.name !== 'partial')) return null;
  reader.at += 1;
  const named = hasVariable ? peek(reader) : undefined;
  if (hasVariable && named?.kind !== 'symbol') return null;
  if (hasVariable) reader.at += 1;
  const order = takeOrder(reader);
  if (order === null || !take(reader, '}')) return null;
  return { order, variable: named?.kind === 'symbol' ? named.name : '' };
}

/** 1 or 2. */
function takeOrder(reader: Reader): number | null {
  if (!take(reader, '^')) return 1;
  const braced = take(reader, '{');
  const number = peek(reader);
  if (number?.kind !== 'number' || !number.value.equals(2)) return null;
  reader.at += 1;
  return braced && !take(reader, '}') ? null : 2;
}
