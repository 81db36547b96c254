import type Fraction from 'fraction.js';

/** The value form of an answer: what a text says, whatever way it is written. */
export type Expression =
  /** `digits`: significant digits where it is written with a decimal point, else 0. */
  | { kind: 'number'; value: Fraction; digits: number }
  | { kind: 'symbol'; name: string }
  | { kind: 'constant'; name: Constant }
  | { kind: 'sum'; terms: Expression[] }
  /** `letters`: the names as written where nothing but letters stands there, `ABC`. */
  | { kind: 'product'; factors: Expression[]; letters?: string }
  | { kind: 'quotient'; over: Expression; under: Expression }
  | { kind: 'power'; base: Expression; exponent: Expression }
  | { kind: 'negative'; of: Expression }
  | { kind: 'call'; name: string; args: Expression[] }
  /** `left ± right`; `flipped` for ∓. */
  | { kind: 'plusMinus'; left: Expression | null; right: Expression; flipped: boolean }
  | { kind: 'percent'; of: Expression }
  | { kind: 'quantity'; of: Expression; unit: string }
  /** A number written in a base: its digits as text. */
  | { kind: 'based'; digits: string; base: number }
  /** A tuple or an interval: only what it is compared with tells them apart. */
  | { kind: 'bracket'; open: string; close: string; items: Expression[] }
  | { kind: 'set'; items: Expression[] }
  /** Values one after the other without brackets; `joins`: what stands between them. */
  | { kind: 'list'; items: Expression[]; joins?: Join[] }
  | { kind: 'matrix'; rows: Expression[][] }
  /** `bound`: a set's condition, in which the variable's name says nothing. */
  | { kind: 'relation'; parts: Expression[]; signs: RelationSign[]; bound?: true }
  | { kind: 'setOperation'; name: 'union' | 'intersection' | 'without'; left: Expression; right: Expression }
  /** `clock`: as written, where it may be a time of day: `2:30`, `6:05pm`. */
  | { kind: 'ratio'; parts: Expression[]; clock?: string }
  | { kind: 'reals' }
  | { kind: 'integers'; isNatural: boolean }
  /** A letter of a multiple choice, and what stands behind it. */
  | { kind: 'choice'; letter: string; rest: Expression | null }
  | { kind: 'text'; text: string };

/** The names of whole numbers that run, once they are known to: of all, and of those that are not below 0. */
export const RUNNING = 'running n';
export const COUNTING = 'counting n';

export type Constant = 'pi' | 'e' | 'i' | 'infinity';
export type Join = ',' | ';' | 'and' | 'or';
export type RelationSign = '=' | '<' | '<=' | '>' | '>=' | '!=' | 'in';

/** The direct parts of an expression, in the order written. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'sum':
      return expression.terms;
    case 'product':
      return expression.factors;
    case 'quotient':
      return [expression.over, expression.under];
    case 'power':
      return [expression.base, expression.exponent];
    case 'negative':
    case 'percent':
    case 'quantity':
      return [expression.of];
    case 'call':
      return expression.args;
    case 'plusMinus':
      return expression.left ? [expression.left, expression.right] : [expression.right];
    case 'bracket':
    case 'set':
    case 'list':
      return expression.items;
    case 'matrix':
      return expression.rows.flat();
    case 'relation':
    case 'ratio':
      return expression.parts;
    case 'setOperation':
      return [expression.left, expression.right];
    case 'choice':
      return expression.rest ? [expression.rest] : [];
    default:
      return [];
  }
}

/** The names of free variables, each once. */
export function symbolsOf(expression: Expression, into = new Set<string>()): Set<string> {
  // The variable of a sum is not free.
  if (expression.kind === 'symbol' && !expression.name.startsWith('#')) into.add(expression.name);
  for (const part of partsOf(expression)) symbolsOf(part, into);
  return into;
}

export function hasKind(expression: Expression, kind: Expression['kind']): boolean {
  return expression.kind === kind || partsOf(expression).some((part) => hasKind(part, kind));
}

/** Whether a function whose name fits is anywhere in it. */
export function hasCall(expression: Expression, name: RegExp): boolean {
  if (expression.kind === 'call' && name.test(expression.name)) return true;
  return partsOf(expression).some((part) => hasCall(part, name));
}

export function isInfinite(expression: Expression): boolean {
  return infinitySign(expression) !== 0;
}

/** 1 for ∞, −1 for −∞, 0 for anything else. */
export function infinitySign(expression: Expression): number {
  if (expression.kind === 'negative') return -infinitySign(expression.of);
  return expression.kind === 'constant' && expression.name === 'infinity' ? 1 : 0;
}

/** Kinds that are one number once their symbols have values. */
const SCALAR = new Set<Expression['kind']>([
  ...(['number', 'symbol', 'constant', 'sum', 'product', 'quotient', 'power', 'negative', 'call'] as const),
  ...(['percent', 'quantity', 'based'] as const),
]);

export function isScalar(expression: Expression): boolean {
  return SCALAR.has(expression.kind) && partsOf(expression).every(isScalar);
}

/** The same expression with one symbol under another name. */
export function renamed(expression: Expression, name: string, other: string): Expression {
  if (expression.kind === 'symbol')
    return expression.name === name ? { kind: 'symbol', name: other } : expression;
  return mapParts(expression, (part) => renamed(part, name, other));
}

/** ± read as + (and ∓ as −), or the other way round. */
export function withSign(expression: Expression, plus: boolean): Expression {
  const again = (part: Expression): Expression => withSign(part, plus);
  if (expression.kind !== 'plusMinus') return mapParts(expression, again);
  const right = again(expression.right);
  const signed: Expression = plus !== expression.flipped ? right : { kind: 'negative', of: right };
  return expression.left ? { kind: 'sum', terms: [again(expression.left), signed] } : signed;
}

/** The same expression with each of its direct parts changed. */
export function mapParts(expression: Expression, change: (part: Expression) => Expression): Expression {
  switch (expression.kind) {
    case 'plusMinus':
      return {
        ...expression,
        left: expression.left && change(expression.left),
        right: change(expression.right),
      };
    case 'sum':
      return { ...expression, terms: expression.terms.map(change) };
    case 'product':
      return { ...expression, factors: expression.factors.map(change) };
    case 'quotient':
      return { ...expression, over: change(expression.over), under: change(expression.under) };
    case 'power':
      return { ...expression, base: change(expression.base), exponent: change(expression.exponent) };
    case 'negative':
    case 'percent':
    case 'quantity':
      return { ...expression, of: change(expression.of) };
    case 'call':
      return { ...expression, args: expression.args.map(change) };
    case 'bracket':
    case 'set':
    case 'list':
      return { ...expression, items: expression.items.map(change) };
    case 'matrix':
      return { ...expression, rows: expression.rows.map((row) => row.map(change)) };
    case 'relation':
    case 'ratio':
      return { ...expression, parts: expression.parts.map(change) };
    case 'setOperation':
      return { ...expression, left: change(expression.left), right: change(expression.right) };
    case 'choice':
      return { ...expression, rest: expression.rest && change(expression.rest) };
    default:
      return expression;
  }
}
