import { type Budget, overLimit } from '../compare/budget.js';
import type { Token } from './tokens.js';

/** Where a parser stands in its tokens. */
export interface Reader {
  tokens: readonly Token[];
  at: number;
  depth: number;
  /** Open absolute values: inside, the next `|` closes one. */
  bars: number;
  /** Sums around this place: each names its variable by it. */
  series: number;
  budget: Budget;
}

/** Thrown inside, where the tokens are no maths; never leaves this folder's parsers. */
export const NO_MATHS = new Error('no maths');

export function refuse(): never {
  throw NO_MATHS;
}

export function peek(reader: Reader, ahead = 0): Token | undefined {
  return reader.tokens[reader.at + ahead];
}

export function isSign(token: Token | undefined, ...texts: string[]): boolean {
  return token?.kind === 'sign' && texts.includes(token.text);
}

export function isName(token: Token | undefined, ...names: string[]): boolean {
  return token?.kind === 'name' && names.includes(token.name);
}

/** Takes the sign if it is next. */
export function take(reader: Reader, ...texts: string[]): boolean {
  if (!isSign(peek(reader), ...texts)) return false;
  reader.at += 1;
  return true;
}

export function expect(reader: Reader, text: string): void {
  if (!take(reader, text)) refuse();
}

/** Everything that nests goes through here. */
export function deeper<Result>(reader: Reader, parse: () => Result): Result {
  const { depthMax } = reader.budget.limits;
  reader.depth += 1;
  if (reader.depth > depthMax) throw overLimit(`nests deeper than ${depthMax}`);
  const result = parse();
  reader.depth -= 1;
  return result;
}

/** The tree grows by one level to the left with every link of a chain (`1/2/3`, `3!!!`). */
export function chain(reader: Reader, links: number): void {
  const linksMax = reader.budget.limits.depthMax * 4;
  if (links > linksMax) throw overLimit(`chains more than ${linksMax} operations`);
}
