import { createBudget, type GradeLimits, spend } from './budget.js';
import { sameWords } from './sameWords.js';
import { type Comparison, sameScalar, sameUpToFactor, sameWriting } from './compareScalars.js';
import { exactValue, isExact } from '../values/exact.js';
import {
  type Expression,
  RUNNING,
  hasCall,
  hasKind,
  isScalar,
  mapParts,
  partsOf,
  renamed,
  symbolsOf,
  withSign,
} from '../parse/expression.js';
import { isDegrees } from '../values/angles.js';
import { asBasis, coordinatesOf, hasBasis } from '../values/vectors.js';
import { sameIndefinite, withConstantsOf } from './constants.js';
import { sameFamilies } from './families.js';
import { isDots } from '../parse/dots.js';
import { parseAnswer } from '../parse/parseAnswer.js';
import { realSetsOf, sameRealSets } from '../values/realSet.js';
import { workedOut } from '../values/matrices.js';
import { sameQuantity } from './sameQuantity.js';

export interface SameAnswerOptions {
  /** The points at which expressions with variables are compared follow from it. */
  seed: number;
  limits?: GradeLimits;
}

/**
 * Whether two answers say the same, in whatever writing. Reflexive and symmetric; not transitive where a reader is lenient
 * (50 % is 0.5 and, with its sign left out, 50). Throws ROW_GRADE_LIMIT for answers beyond the limits.
 */
export function sameAnswer(left: string, right: string, { seed, limits }: SameAnswerOptions): boolean {
  if (left.trim() === right.trim()) return true;
  const budget = createBudget(limits);
  const comparison: Comparison = { budget, seed };
  const [a, b] = [parseAnswer(left, budget), parseAnswer(right, budget)];
  const isSame = (x: Expression, y: Expression): boolean =>
    withConstantsOf(x, y).some((other) => same(x, other, comparison));
  if (a.some((x) => b.some((y) => isSame(x, y)))) return true;
  if (sameNames(a, b).some(([x, y]) => isSame(x, y))) return true;
  if (![...a, ...b].some((reading) => hasKind(reading, 'text'))) return false;
  return sameWords(left, right);
}

/** Pairs of readings in which what only one side says of a name holds for both: a whole number that runs, or the imaginary unit. */
function sameNames(a: readonly Expression[], b: readonly Expression[]): [Expression, Expression][] {
  return a.flatMap((x) =>
    b.flatMap((y) => [
      ...running(x, y),
      ...imaginary(x, y),
      ...imaginary(y, x).map(turned),
      ...bareResidue(x, y),
      ...bareResidue(y, x),
    ]),
  );
}

function turned([x, y]: [Expression, Expression]): [Expression, Expression] {
  return [y, x];
}

/** Where one side declares its whole number and the other does not, or where both only have different names for it. */
function running(x: Expression, y: Expression): [Expression, Expression][] {
  const [own, other] = [counterOf(x), counterOf(y)];
  if (own === other) return [];
  if (isResidue(x) && other !== null) return [[x, renamed(y, other, RUNNING)]];
  if (isResidue(y) && own !== null) return [[renamed(x, own, RUNNING), y]];
  if (own === null || other === null) return [];
  if (own.includes(' ')) return other.includes(' ') ? [] : [[x, renamed(y, other, own)]];
  if (other.includes(' ')) return [[renamed(x, own, other), y]];
  return isPeriodic(x) && isPeriodic(y) && !symbolsOf(y).has(own) ? [[x, renamed(y, other, own)]] : [];
}

/** The only free name of an answer, where whole numbers are called so. */
function counterOf(expression: Expression): string | null {
  const value =
    expression.kind === 'relation' && expression.signs.join() === '=' ? expression.parts[1]! : expression;
  const [name, ...more] = [...symbolsOf(value)].filter((own) => /^(?:[kmn]|running n|counting n)$/.test(own));
  return name !== undefined && more.length === 0 ? name : null;
}

function isResidue(expression: Expression): boolean {
  return hasCall(expression, /^residue$/);
}

function isPeriodic(expression: Expression): boolean {
  if (expression.kind === 'constant') return expression.name === 'pi';
  if (expression.kind === 'quantity' && isDegrees(expression)) return true;
  return partsOf(expression).some(isPeriodic);
}

/** `3 + 4j` and `3 + 4I` beside an answer with i. */
function imaginary(x: Expression, y: Expression): [Expression, Expression][] {
  if (!hasConstant(x, 'i') || hasConstant(y, 'i')) return [];
  // j alone may be a vector.
  const letters = ['I', ...(hasRealPart(y) ? ['j'] : [])].filter(
    (name) => symbolsOf(y).has(name) && !symbolsOf(x).has(name),
  );
  return letters.length === 1 ? [[x, withConstant(y, letters[0]!)]] : [];
}

/** A number that is added, as the 3 of `3 + 4j`. */
function hasRealPart(expression: Expression): boolean {
  const isPart = (term: Expression): boolean => isScalar(term) && symbolsOf(term).size === 0;
  if (expression.kind === 'sum') return expression.terms.some(isPart);
  return partsOf(expression).some(hasRealPart);
}

function hasConstant(expression: Expression, name: string): boolean {
  if (expression.kind === 'constant') return expression.name === name;
  return partsOf(expression).some((part) => hasConstant(part, name));
}

function withConstant(expression: Expression, name: string): Expression {
  if (expression.kind === 'symbol' && expression.name === name) return { kind: 'constant', name: 'i' };
  return mapParts(expression, (part) => withConstant(part, name));
}

/** To find out what two values are. */
const PAIR_WORK = 4;

/** The same for two values already read. */
export function same(left: Expression, right: Expression, comparison: Comparison): boolean {
  spend(comparison.budget, PAIR_WORK);
  if (sameWriting(left, right) && !hasKind(left, 'quantity')) return true;
  if (left.kind === 'choice' || right.kind === 'choice') return sameChoice(left, right, comparison);
  if (left.kind === 'text' || right.kind === 'text') return false;
  const { budget } = comparison;
  const [a, b] = [settled(left, right), settled(right, left)].map((side) => workedOut(side, budget)) as [
    Expression,
    Expression,
  ];
  if (a.kind === 'relation' && b.kind === 'relation' && sameRelation(a, b, comparison)) return true;
  if (hasBasis(a) || hasBasis(b)) return sameVector(asBasis(a), asBasis(b), comparison);
  if (isFamily(a) && isFamily(b)) return sameFamilies(a, b, comparison) ?? sameStructure(a, b, comparison);
  if (isSetLike(a) || isSetLike(b)) {
    const [x, y] = [realSetsOf(a, comparison), realSetsOf(b, comparison)];
    if (x && y) return sameRealSets(x, y);
  }
  return sameStructure(a, b, comparison);
}

/** `2 \pmod 5` beside 2; but what is congruent to 2 is not 2. */
function bareResidue(x: Expression, y: Expression): [Expression, Expression][] {
  return x.kind === 'call' && x.name === 'residue' && y.kind === 'number' ? [[x.args[0]!, y]] : [];
}

function isFamily(expression: Expression): boolean {
  return symbolsOf(expression).has(RUNNING) || isResidue(expression);
}

/** `2\mathbf{i} + 3\mathbf{j}` is (2, 3), and (2, 3, 0). */
function sameVector(a: Expression, b: Expression, comparison: Comparison): boolean {
  const sizes = [a, b].map((side) =>
    side.kind === 'bracket' ? side.items.length : side.kind === 'matrix' ? side.rows.flat().length : 0,
  );
  const [x, y] = [a, b].map((side) => {
    const coordinates = coordinatesOf(side, Math.max(...sizes), comparison);
    return coordinates ? bracketOf(coordinates) : side;
  }) as [Expression, Expression];
  return !(hasBasis(x) || hasBasis(y)) && (x !== a || y !== b)
    ? sameStructure(x, y, comparison)
    : sameStructure(a, b, comparison);
}

function sameChoice(left: Expression, right: Expression, comparison: Comparison): boolean {
  if (left.kind !== 'choice') return sameChoice(right, left, comparison);
  if (right.kind === 'choice') return left.letter === right.letter;
  // `b` answers `B`.
  if (right.kind === 'symbol') return left.rest === null && right.name.toUpperCase() === left.letter;
  return left.rest !== null && same(left.rest, right, comparison);
}

/** ± as a list of two, a chain of equations as its two ends, and `x = 3` as 3 where the other side names no variable. */
function settled(expression: Expression, other: Expression): Expression {
  if (hasKind(expression, 'plusMinus')) {
    const both = [true, false].map((plus) => withSign(expression, plus));
    return settled({ kind: 'list', items: both.flatMap(itemsOf) }, other);
  }
  if (expression.kind === 'list' || isAssignedSet(expression)) return settledList(expression, other);
  if (expression.kind !== 'relation') return expression;
  const [first, last] = [expression.parts[0]!, expression.parts.at(-1)!];
  const { signs } = expression;
  if (signs.length === 1 && signs[0] === 'in' && other.kind !== 'relation')
    return last.kind === 'bracket' && other.kind === 'list' ? expression : last;
  if (!signs.every((sign) => sign === '=')) return expression;
  if (other.kind === 'relation' && other.signs.every((sign) => sign === '='))
    return signs.length > 1 ? { kind: 'relation', parts: [first, last], signs: ['='] } : expression;
  if (other.kind === 'relation' && other.signs[0] !== 'in') return expression;
  if (last.kind === 'symbol' && symbolsOf(first).size === 0) return settled(first, other);
  const closed = expression.parts.every((part) => symbolsOf(part).size === 0);
  return isNamed(first) || closed ? settled(last, other) : expression;
}

/** What an equation gives a value to: `x`, `f(x)`, `f(2)`, `ABC`, `(x, y)`, `V_1 : V_2`; the 3 of `|x| = 3` is no answer. */
function isNamed(expression: Expression): boolean {
  if (expression.kind === 'ratio') return expression.parts.every(isNamed);
  if (expression.kind === 'quotient') return isSegment(expression.over) && isSegment(expression.under);
  if (hasCall(expression, /^(?:integral|antiderivative|limit|derivative)/)) return true;
  if (expression.kind === 'power') return isNamedMatrix(expression);
  if (expression.kind === 'call' && expression.name === 'abs') return isSegment(expression.args[0]!);
  if (expression.kind === 'bracket') return expression.items.every(({ kind }) => kind === 'symbol');
  if (expression.kind !== 'product') return expression.kind === 'symbol' || expression.kind === 'text';
  const { factors } = expression;
  if (factors.every(({ kind }) => kind === 'symbol')) return true;
  return factors.length === 2 && isFunctionName(factors[0]!) && isArgument(factors[1]!);
}

/** `A^{-1}`, `A^T` */
function isNamedMatrix({ base, exponent }: Expression & { kind: 'power' }): boolean {
  if (base.kind !== 'symbol' || !/^[A-Z]/.test(base.name)) return false;
  return exponent.kind === 'symbol' ? exponent.name === 'T' : isMinusOne(exponent);
}

function isMinusOne(exponent: Expression): boolean {
  return exponent.kind === 'negative' && exponent.of.kind === 'number' && exponent.of.value.equals(1);
}

/** `f` and `f^{-1}` */
function isFunctionName(expression: Expression): boolean {
  if (expression.kind === 'symbol') return true;
  if (expression.kind !== 'power' || expression.base.kind !== 'symbol') return false;
  return isMinusOne(expression.exponent);
}

/** `AB`: two points or more. */
function isSegment(expression: Expression): boolean {
  return (
    expression.kind === 'product' && /^[A-Z](?:'|_\w)?(?: [A-Z](?:'|_\w)?)+$/.test(expression.letters ?? '')
  );
}

function isArgument(expression: Expression): boolean {
  if (expression.kind === 'negative') return isArgument(expression.of);
  if (expression.kind === 'bracket') return expression.items.every(isArgument);
  return ['symbol', 'number', 'constant'].includes(expression.kind);
}

/**
 * `x = 1, x = 2` and `x = 1 or 2` are lists of values. `x = 1, y = 2` stays as it is beside names; beside values without names it is
 * the tuple (1, 2), in the order written.
 */
function settledList(list: Expression & { kind: 'list' | 'set' }, other: Expression): Expression {
  const { items } = list;
  const joins = list.kind === 'list' ? list.joins : undefined;
  const flat = flatItems(items);
  const names = flat.map((item) => assignedName(item));
  const named = new Set(names.filter((name) => name !== null));
  const tuples = tuplesOf(flat, names);
  if (tuples && (!isNamedList(other) || repeatsNames(other))) return { kind: 'list', items: tuples };
  const onlyFirst = names[0] !== null && names.slice(1).every((name) => name === null || name === names[0]);
  const lenient = named.size > 1 && !isNamedList(other) && !isSetLike(other);
  if (!(named.size === 1 && onlyFirst) && !lenient) return { kind: 'list', items: flat, joins };
  const values = flat.map((item, at) =>
    names[at] === null ? item : (item as { parts: Expression[] }).parts.at(-1)!,
  );
  if (lenient && isOneVariable(named)) return { kind: 'list', items: values };
  if (lenient) return bracketOf(values);
  return {
    kind: 'list',
    items: values.flatMap((item) => (hasKind(item, 'plusMinus') ? spread(item) : [item])),
  };
}

/** With the assignments of lists within, and both values of ±. */
function flatItems(items: readonly Expression[]): Expression[] {
  return items
    .flatMap((item) => (isAssignments(item) ? item.items : [item]))
    .flatMap((item) => (hasKind(item, 'plusMinus') ? spread(item) : [item]));
}

/** `p=5, q=2 and p=7, q=2` */
function repeatsNames(list: Expression): boolean {
  if (list.kind !== 'list' && list.kind !== 'set') return false;
  const flat = flatItems(list.items);
  return tuplesOf(flat, flat.map(assignedName)) !== null;
}

/** `\{x=1, y=2\}` */
function isAssignedSet(expression: Expression): expression is Expression & { kind: 'set' } {
  if (expression.kind !== 'set' || expression.items.length < 2) return false;
  return expression.items.every((own) => assignedName(own) !== null);
}

/** `p=5, q=2` within a longer list. */
function isAssignments(item: Expression): item is Expression & { kind: 'list' } {
  return item.kind === 'list' && item.items.every((own) => assignedName(own) !== null);
}

/** `p=5,q=2;p=7,q=2` as (5, 2), (7, 2); null unless the same names come again and again. */
function tuplesOf(items: readonly Expression[], names: readonly (string | null)[]): Expression[] | null {
  const width = names.indexOf(names[0] ?? null, 1);
  if (names[0] === null || width < 2 || names.length % width !== 0) return null;
  if (names.some((name, at) => name === null || name !== names[at % width])) return null;
  const values = items.map((item) => (item as { parts: Expression[] }).parts.at(-1)!);
  return values.flatMap((_, at) => (at % width === 0 ? [bracketOf(values.slice(at, at + width))] : []));
}

/** `x_1` and `x_2` are values of one variable. */
function isOneVariable(names: ReadonlySet<string>): boolean {
  const bases = new Set([...names].map((name) => name.replace(/_\d+$/, '')));
  return bases.size === 1 && [...names].every((name) => /_\d+$/.test(name));
}

function spread(item: Expression): Expression[] {
  return [true, false].flatMap((plus) => itemsOf(withSign(item, plus)));
}

function isNamedList(expression: Expression): boolean {
  const isMany = expression.kind === 'list' || expression.kind === 'set';
  return isMany && expression.items.some((item) => assignedName(item) !== null);
}

/** The variable that `x = 3` names; null for anything else. */
function assignedName(expression: Expression): string | null {
  if (expression.kind !== 'relation' || !expression.signs.every((sign) => sign === '=')) return null;
  const [first] = expression.parts;
  return first?.kind === 'symbol' ? first.name : null;
}

function itemsOf(expression: Expression): Expression[] {
  return expression.kind === 'list' ? expression.items : [expression];
}

function isSetLike(expression: Expression): boolean {
  if (['setOperation', 'reals', 'integers'].includes(expression.kind)) return true;
  if (expression.kind === 'relation') return !expression.signs.includes('=');
  if (expression.kind === 'list') return expression.items.every(isSetLike);
  if (expression.kind !== 'bracket' || expression.items.length !== 2) return false;
  return expression.open === '[' ? expression.close === ')' : expression.close === ']';
}

function sameStructure(a: Expression, b: Expression, comparison: Comparison): boolean {
  const [chosen, others] = [chosenLetters(a), chosenLetters(b)];
  if (chosen !== null && chosen === others) return true;
  if (a.kind === 'list' || b.kind === 'list' || a.kind === 'set' || b.kind === 'set')
    return sameCollection(a, b, comparison);
  if (a.kind === 'matrix' || b.kind === 'matrix')
    return isIdentity(a, b, comparison) || isIdentity(b, a, comparison) || sameMatrix(a, b, comparison);
  if (a.kind === 'bracket' || b.kind === 'bracket') return sameBracket(a, b, comparison);
  if (a.kind === 'ratio' || b.kind === 'ratio') return sameRatio(a, b, comparison);
  if (a.kind === 'setOperation' && b.kind === 'setOperation') {
    if (a.name !== b.name) return false;
    if (a.name === 'without') return sameOrdered([a.left, a.right], [b.left, b.right], comparison);
    return sameUnordered(operands(a), operands(b), comparison);
  }
  if (!isScalar(a) || !isScalar(b)) return false;
  if (a.kind === 'product' && b.kind === 'product' && a.letters && b.letters && !isPairOfVariables(a.letters))
    return a.letters === b.letters || isAngleTurned(a.letters, b.letters);
  return sameIndefinite(a, b, comparison) || (sameQuantity(a, b, comparison) ?? sameScalar(a, b, comparison));
}

/** Letters of several choices in the order of the alphabet, `C, A` and `AC` alike; null for anything else. */
function chosenLetters(expression: Expression): string | null {
  const names =
    expression.kind === 'product'
      ? (expression.letters ?? '').split(' ')
      : expression.kind === 'list' || expression.kind === 'set'
        ? expression.items.map((item) => (item.kind === 'symbol' ? item.name : ''))
        : [];
  const sorted = names.toSorted();
  // `AB` may be a segment: letters without commas are choices in the order of the alphabet alone.
  const isWord = expression.kind === 'product' && names.some((name, at) => name !== sorted[at]);
  const isChosen =
    names.length > 1 && sorted.every((name, at) => /^[A-J]$/.test(name) && name !== sorted[at - 1]);
  return isChosen && !isWord ? sorted.join('') : null;
}

/** `\angle ABC` is `\angle CBA`. */
function isAngleTurned(letters: string, other: string): boolean {
  const turned = /^angle ([A-Z]) ([A-Z]) ([A-Z])$/.exec(letters);
  return turned !== null && other === `angle ${turned[3]} ${turned[2]} ${turned[1]}`;
}

/** `ab` is `ba`; but `AB` and `cat` may be names. */
function isPairOfVariables(letters: string): boolean {
  return /^[a-z] [a-z]$/.test(letters);
}

/** Of a chain of unions, or of intersections. */
function operands(expression: Expression): Expression[] {
  if (expression.kind !== 'setOperation') return [expression];
  return [expression.left, expression.right].flatMap((side) =>
    side.kind === 'setOperation' && side.name === expression.name ? operands(side) : [side],
  );
}

/**
 * Sets and lists of values have no order; a list against a tuple has one, and is never a closed or half-open interval. One value in
 * braces is that value, and a set does not count how often a value is written.
 */
function sameCollection(a: Expression, b: Expression, comparison: Comparison): boolean {
  if (a.kind !== 'list' && a.kind !== 'set') return sameCollection(b, a, comparison);
  if (a.items.some(isDots)) return goOnAlike(a, b, comparison);
  if (b.kind === 'bracket' && a.kind === 'set' && a.items.length === 1)
    return same(a.items[0]!, b, comparison);
  if (b.kind === 'bracket')
    return a.kind === 'list' && isTuple(b) && sameOrdered(a.items, b.items, comparison);
  if (b.kind === 'matrix') return a.kind === 'list' && sameStructure(bracketOf(a.items), b, comparison);
  if (b.kind !== 'list' && b.kind !== 'set')
    return a.kind === 'set' && a.items.length > 0 && sameUnordered(a.items, [b], comparison);
  // A list of points is the set of them.
  if ([...a.items, ...b.items].every(({ kind }) => kind === 'bracket'))
    return sameUnordered(a.items, b.items, comparison);
  if (a.kind === 'list' && b.kind === 'list')
    return areAlternatives(a) === areAlternatives(b) && sameMultiset(a.items, b.items, comparison);
  return sameUnordered(a.items, b.items, comparison);
}

/** Values that go on have an order. */
function goOnAlike(a: Expression & { items: Expression[] }, b: Expression, comparison: Comparison): boolean {
  return (b.kind === 'list' || b.kind === 'set') && sameOrdered(a.items, b.items, comparison);
}

/** Two items in square brackets are an interval; more are a vector. */
function isTuple({ open, close, items }: Expression & { kind: 'bracket' }): boolean {
  return items.length !== 2 || (open === '(' && close === ')');
}

/** Only among conditions “or” says something else than a comma. */
function areAlternatives({ items, joins }: Expression & { kind: 'list' }): boolean {
  return (
    (joins?.includes('or') ?? false) && items.some((item) => item.kind === 'relation' && isSetLike(item))
  );
}

/** One to one, in any order. As equality is not transitive, a first match may have to give way (Kuhn's augmenting paths). */
function sameMultiset(a: readonly Expression[], b: readonly Expression[], comparison: Comparison): boolean {
  if (a.length !== b.length) return false;
  const known = new Map<number, boolean>();
  const fits = (at: number, to: number): boolean => {
    const key = at * b.length + to;
    const fit = known.get(key) ?? same(a[at]!, b[to]!, comparison);
    known.set(key, fit);
    return fit;
  };
  const taken = b.map(() => -1);
  const place = (at: number, tried: Set<number>): boolean =>
    b.some((_, to) => {
      if (tried.has(to) || !fits(at, to)) return false;
      tried.add(to);
      if (taken[to]! >= 0 && !place(taken[to]!, tried)) return false;
      taken[to] = at;
      return true;
    });
  return a.every((_, at) => place(at, new Set()));
}

function bracketOf(items: Expression[]): Expression {
  return { kind: 'bracket', open: '(', close: ')', items };
}

function sameOrdered(a: readonly Expression[], b: readonly Expression[], comparison: Comparison): boolean {
  return a.length === b.length && a.every((item, at) => same(item, b[at]!, comparison));
}

function sameUnordered(a: readonly Expression[], b: readonly Expression[], comparison: Comparison): boolean {
  const holds = (items: readonly Expression[], wanted: Expression): boolean =>
    items.some((item) => same(item, wanted, comparison));
  return a.every((item) => holds(b, item)) && b.every((item) => holds(a, item));
}

/** `I` and `I_2`. */
function isIdentity(name: Expression, matrix: Expression, comparison: Comparison): boolean {
  const size = name.kind === 'symbol' ? /^I(?:_(\d))?$/.exec(name.name) : null;
  if (!size || matrix.kind !== 'matrix' || matrix.rows.length !== matrix.rows[0]!.length) return false;
  if (size[1] !== undefined && Number(size[1]) !== matrix.rows.length) return false;
  const { budget } = comparison;
  return matrix.rows.every((row, at) =>
    row.every((cell, to) => {
      const value = exactValue(cell, budget);
      return isExact(value) && value.equals(at === to ? 1 : 0);
    }),
  );
}

/** A column or a row against a tuple; otherwise shape and every cell. */
function sameMatrix(a: Expression, b: Expression, comparison: Comparison): boolean {
  const [x, y] = [rowsOf(a), rowsOf(b)];
  if (!x || !y) return false;
  if (a.kind !== b.kind && (a.kind === 'bracket' || b.kind === 'bracket')) {
    const [flat, other] = [x, y].map((rows) =>
      rows.length === 1 || rows[0]!.length === 1 ? rows.flat() : null,
    );
    if (flat && other) return sameOrdered(flat, other, comparison);
  }
  return x.length === y.length && x.every((row, at) => sameOrdered(row, y[at]!, comparison));
}

function rowsOf(expression: Expression): Expression[][] | null {
  if (expression.kind === 'matrix') return expression.rows;
  if (expression.kind !== 'bracket') return null;
  const rows = expression.items.map((item) => (item.kind === 'bracket' ? item.items : null));
  if (rows.every((row) => row !== null)) return rows;
  return rows.every((row) => row === null) ? [expression.items] : null;
}

/** Tuples and intervals: the kind of bracket says which of two, so it counts there and not in longer ones. */
function sameBracket(a: Expression, b: Expression, comparison: Comparison): boolean {
  if (a.kind !== 'bracket' || b.kind !== 'bracket') return false;
  const pair = a.items.length === 2;
  if (pair && (a.open !== b.open || a.close !== b.close)) return false;
  return sameOrdered(a.items, b.items, comparison);
}

/** `2:30` and `1:15` may be times of day or ratios: two quarter hours are the same only if written so. */
function sameRatio(a: Expression, b: Expression, comparison: Comparison): boolean {
  if (a.kind !== 'ratio') return sameRatio(b, a, comparison);
  const [clock, other] = [a.clock, b.kind === 'ratio' ? b.clock : undefined];
  if (clock !== undefined && other !== undefined && hourly(clock) === hourly(other)) return true;
  if (isSurelyTime(clock) || isSurelyTime(other) || (isQuarter(clock) && isQuarter(other)))
    return clock === other;
  if (b.kind !== 'ratio')
    return a.parts.length === 2 && isScalar(b) && same(quotient(a.parts[0]!, a.parts[1]!), b, comparison);
  const [first, ...rest] = a.parts;
  const [second, ...others] = b.parts;
  if (rest.length !== others.length) return false;
  return rest.every((part, at) => same(quotient(first!, part), quotient(second!, others[at]!), comparison));
}

/** In the afternoon the hours say it: `20:34` is `8:34 pm`. */
function hourly(clock: string): string {
  return /^(?:1[3-9]|2\d):/.test(clock) ? clock.replace('p', '') : clock;
}

function isQuarter(clock: string | undefined): boolean {
  return clock !== undefined && /:(?:15|30|45)$/.test(clock);
}

/** `2:05`, `2:30 pm`: no ratio is written so. */
function isSurelyTime(clock: string | undefined): boolean {
  return clock !== undefined && /:0|[ap]$/.test(clock);
}

function quotient(over: Expression, under: Expression): Expression {
  return { kind: 'quotient', over, under };
}

/** Equations and inequalities: side by side, or as left − right up to a constant factor. */
function sameRelation(
  a: Expression & { kind: 'relation' },
  b: Expression & { kind: 'relation' },
  comparison: Comparison,
): boolean {
  if (a.signs.length === b.signs.length && a.signs.every((sign, at) => sign === b.signs[at]))
    if (sameOrdered(a.parts, b.parts, comparison) || sameUnknown(a, b, comparison)) return true;
  const [f, g] = [definedBy(a), definedBy(b)];
  if (f && g && f.name === g.name && f.argument !== g.argument && !symbolsOf(g.value).has(f.argument))
    return same(f.value, renamed(g.value, g.argument, f.argument), comparison);
  if (isValueOf(a, b) || isValueOf(b, a)) return same(a.parts[1]!, b.parts[1]!, comparison);
  if (isFunctionOf(a) && isOrdinate(b)) return same(a.parts[1]!, b.parts[1]!, comparison);
  if (isFunctionOf(b) && isOrdinate(a)) return same(a.parts[1]!, b.parts[1]!, comparison);
  const [links, others] = [linksOf(a), linksOf(b)];
  if (!links || !others || links.length !== others.length) return false;
  const holds = (among: readonly ZeroForm[], link: ZeroForm): boolean =>
    among.some((other) => sameZero(link, other, comparison));
  return links.every((link) => holds(others, link)) && others.every((other) => holds(links, other));
}

/** `X = 7` is `x = 7`; but `A = 7` and `a = 7` may be an angle and a side. */
function sameUnknown(a: Relation, b: Relation, comparison: Comparison): boolean {
  const [name, other] = [assignedName(a), assignedName(b)];
  if (name === null || other === null || a.parts.length !== 2) return false;
  return (
    /^[xyznt]$/i.test(name) &&
    name.toLowerCase() === other.toLowerCase() &&
    same(a.parts[1]!, b.parts[1]!, comparison)
  );
}

type Relation = Expression & { kind: 'relation' };

/** Something that is 0, below 0 or at most 0. */
interface ZeroForm {
  expression: Expression;
  sign: string;
}

function sameZero(x: ZeroForm, y: ZeroForm, comparison: Comparison): boolean {
  if (x.sign !== y.sign) return false;
  if (exactZero(x.expression, comparison) || exactZero(y.expression, comparison)) return false;
  return sameUpToFactor(x.expression, y.expression, x.sign !== '=' && x.sign !== '!=', comparison);
}

/** The two conditions of `1 < 2x ≤ 3`, the one of `2x = 3`; null for what is no condition on numbers. */
function linksOf({ parts, signs }: Expression & { kind: 'relation' }): ZeroForm[] | null {
  if (signs.length > 2 || (signs.length === 2 && !signs.every((sign) => /^[<>]/.test(sign)))) return null;
  const links = signs.map((sign, at) =>
    zeroForm({ kind: 'relation', parts: parts.slice(at, at + 2), signs: [sign] }),
  );
  return links.every((link) => link !== null) ? links : null;
}

/** What `f(t) = 2t` defines: the name of its argument says nothing. */
function definedBy({
  parts,
  signs,
}: Expression & { kind: 'relation' }): { name: string; argument: string; value: Expression } | null {
  const [name, argument, ...more] = parts[0]!.kind === 'product' ? parts[0]!.factors : [];
  if (signs.join() !== '=' || more.length > 0 || name?.kind !== 'symbol' || argument?.kind !== 'symbol')
    return null;
  // `P(A) = 0.3` is no function of A.
  return /^[A-Za-z]$/.test(name.name) && /^[a-z]/.test(argument.name)
    ? { name: name.name, argument: argument.name, value: parts[1]! }
    : null;
}

/** `y(t) = 2t` beside `y = 2t` */
function isValueOf(a: Relation, b: Relation): boolean {
  const [name, argument, ...more] = a.parts[0]!.kind === 'product' ? a.parts[0]!.factors : [];
  if (name?.kind !== 'symbol' || argument?.kind !== 'symbol' || more.length > 0 || a.signs.join() !== '=')
    return false;
  return /^[tx]$/.test(argument.name) && b.parts.length === 2 && assignedName(b) === name.name;
}

/** `f(x) = 2x` */
function isFunctionOf({ parts, signs }: Expression & { kind: 'relation' }): boolean {
  const [name, argument] = parts[0]!.kind === 'product' ? parts[0]!.factors : [];
  const isNamedSo = name?.kind === 'symbol' && /^[fgh]$/.test(name.name);
  return signs.join() === '=' && isNamedSo && argument?.kind === 'symbol' && argument.name === 'x';
}

/** `y = 2x` */
function isOrdinate({ parts, signs }: Expression & { kind: 'relation' }): boolean {
  return signs.join() === '=' && parts[0]!.kind === 'symbol' && /^(?:hat )?y$/.test(parts[0]!.name);
}

function exactZero(expression: Expression, { budget }: Comparison): boolean {
  if (symbolsOf(expression).size > 0) return false;
  const value = exactValue(expression, budget);
  return isExact(value) && value.equals(0);
}

function zeroForm({ parts, signs }: Expression & { kind: 'relation' }): ZeroForm | null {
  const [left, right] = parts;
  const [sign] = signs;
  if (signs.length !== 1 || !left || !right || !sign || !isScalar(left) || !isScalar(right)) return null;
  const turned = sign === '>' || sign === '>=';
  const [from, subtract] = turned ? [right, left] : [left, right];
  const terms: Expression[] = [from, { kind: 'negative', of: subtract }];
  return { expression: { kind: 'sum', terms }, sign: turned ? sign.replace('>', '<') : sign };
}
