import { type Expression, hasCall, renamed, symbolsOf } from '../parse/expression.js';
import { type Comparison, sameUpToConstant } from './compareScalars.js';

/** Constants that stand for any number: `+ C` of an integral, `C_1` and `C_2` of a differential equation. */

const CONSTANT = /^[Cc](?:_\w{1,4})?$/;
/** What others write for them. */
const OTHER = /^[A-DKc](?:_\w{1,4})?$/;
const CONSTANTS_MAX = 3;

/** Whether both are known but for a constant that is added: `\sin^2 x + C` is `C - \cos^2 x`. */
export function sameIndefinite(left: Expression, right: Expression, comparison: Comparison): boolean {
  const [a, b] = [withoutConstant(left), withoutConstant(right)];
  return a !== null && b !== null && sameUpToConstant(a, b, comparison);
}

/** What a constant is added to; null where none is. A small letter may be any variable, unless there is just one other. */
function withoutConstant(expression: Expression): Expression | null {
  if (hasCall(expression, /^antiderivative$/)) return expression;
  if (expression.kind !== 'sum') return null;
  const at = expression.terms.findIndex((term) => isConstant(term));
  if (at < 0) return null;
  const terms = expression.terms.toSpliced(at, 1);
  const rest: Expression = terms.length === 1 ? terms[0]! : { kind: 'sum', terms };
  const [constant] = symbolsOf(expression.terms[at]!);
  const variables = [...symbolsOf(rest)];
  if (variables.includes(constant!) || variables.length === 0) return null;
  if (constant!.startsWith('c') && variables.length > 1) return null;
  return variables.every((name) => /^(?:[a-z]|[a-z]{2,})$/.test(name)) ? rest : null;
}

function isConstant(term: Expression): boolean {
  if (term.kind === 'negative') return isConstant(term.of);
  return term.kind === 'symbol' && CONSTANT.test(term.name);
}

/** The second with its constants named as in the first, in every way that can be meant; it as it is comes first. */
export function withConstantsOf(first: Expression, second: Expression): Expression[] {
  const [known, own] = [symbolsOf(first), symbolsOf(second)];
  const [left, right] = [[...known].filter(isSolution), [...own].filter(isSolution)];
  // `C_5` alone is a name.
  if ([known, own].some((names) => ![...names].some((name) => !OTHER.test(name) && !isSolution(name))))
    return [second];
  const [from, to] = left.length >= right.length ? [own, known] : [known, own];
  const [sure, others] = left.length >= right.length ? [left, right] : [right, left];
  if (sure.length === 0 || sure.length > CONSTANTS_MAX) return [second];
  // Those that only one side has may go by another letter.
  const free = others.length > 0 ? others : [...from].filter((name) => OTHER.test(name) && !to.has(name));
  if (free.length !== sure.length) return [second];
  const [targets, sources] = from === own ? [sure, free] : [free, sure];
  return [second, ...permutations(targets).map((order) => allRenamed(second, sources, order))];
}

function isSolution(name: string): boolean {
  return CONSTANT.test(name);
}

function allRenamed(expression: Expression, names: readonly string[], to: readonly string[]): Expression {
  const aside = names.reduce((part, name, at) => renamed(part, name, `constant ${at}`), expression);
  return to.reduce((part, name, at) => renamed(part, `constant ${at}`, name), aside);
}

function permutations(items: readonly string[]): string[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}
