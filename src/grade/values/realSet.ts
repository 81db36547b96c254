import Fraction from 'fraction.js';
import { type Complex, isReal } from './complex.js';
import { type Budget, spend } from '../compare/budget.js';
import { Real } from './realFunctions.js';
import { type Comparison, near } from '../compare/compareScalars.js';
import { exactValue, isExact } from './exact.js';
import {
  type Expression,
  type RelationSign,
  infinitySign,
  isScalar,
  mapParts,
  symbolsOf,
} from '../parse/expression.js';
import { fractionValue, numericValue, pointOf } from './numeric.js';

/** A piece of the real line; a point is closed with `lo` = `hi`. Ends may be infinite. */
export interface Interval {
  lo: Real;
  hi: Real;
  loClosed: boolean;
  hiClosed: boolean;
}

const INFINITE = new Real(Infinity);
const LINE: Interval = { lo: INFINITE.neg(), hi: INFINITE, loClosed: false, hiClosed: false };
const PIECES_MAX = 200;

/** The set of each variable; that of an answer which names none is under ''. */
export type RealSets = ReadonlyMap<string, readonly Interval[]>;

/** The sets of real numbers that an answer describes, as sorted pieces that do not touch; null where it is none. */
export function realSetsOf(expression: Expression, comparison: Comparison): RealSets | null {
  const sets = new Map<string, Interval[]>();
  for (const [name, part] of byVariable(expression) ?? []) {
    const pieces = piecesOf(part, comparison);
    if (!pieces || pieces.length > PIECES_MAX) return null;
    sets.set(name, merge(pieces));
  }
  return sets.size > 0 ? sets : null;
}

/** Conditions on several variables, those on each by themselves; null where they are alternatives. */
function byVariable(expression: Expression): Map<string, Expression> | null {
  if (expression.kind !== 'list') return new Map([[variableOf(expression), expression]]);
  const { items, joins } = expression;
  const groups = new Map<string, Expression[]>();
  for (const item of items) groups.set(variableOf(item), [...(groups.get(variableOf(item)) ?? []), item]);
  if (groups.size === 1) return new Map([[variableOf(items[0]!), expression]]);
  if (groups.has('') || joins?.includes('or')) return null;
  return new Map([...groups].map(([name, own]) => [name, { kind: 'list', items: own }]));
}

function variableOf(expression: Expression): string {
  if (expression.kind !== 'relation' || expression.bound) return '';
  return expression.parts.map(variableName).find((name) => name !== null) ?? '';
}

/** `x`, `|x|`, `|2x - 3|`, `f(x)`: what a condition on one number can be about. */
function variableName(part: Expression): string | null {
  if (part.kind === 'symbol') return part.name;
  if (part.kind === 'call' && part.name === 'abs')
    return isScalar(part.args[0]!) ? onlyName(part.args[0]!) : null;
  const [name, argument] = part.kind === 'product' && part.factors.length === 2 ? part.factors : [];
  if (name?.kind !== 'symbol' || argument?.kind !== 'symbol') return null;
  return /^[fghFGHP]$/.test(name.name) ? `${name.name}(${argument.name})` : null;
}

function onlyName(expression: Expression): string | null {
  const [name, ...more] = symbolsOf(expression);
  return name !== undefined && more.length === 0 ? name : null;
}

/** `x > 3` is (3, ∞), but not `y > 3`. */
export function sameRealSets(a: RealSets, b: RealSets): boolean {
  if (a.size !== b.size) return false;
  const [[name, only], [otherName, other]] = [[...a][0]!, [...b][0]!];
  if (a.size === 1 && (name === '' || otherName === '')) return sameRealSet(only, other);
  return [...a].every(([key, pieces]) => b.has(key) && sameRealSet(pieces, b.get(key)!));
}

function sameRealSet(a: readonly Interval[], b: readonly Interval[]): boolean {
  return (
    a.length === b.length &&
    a.every((piece, at) => {
      const other = b[at]!;
      const closed = piece.loClosed === other.loClosed && piece.hiClosed === other.hiClosed;
      return closed && sameEnd(piece.lo, other.lo) && sameEnd(piece.hi, other.hi);
    })
  );
}

function sameEnd(a: Real, b: Real): boolean {
  if (!a.isFinite() || !b.isFinite()) return a.eq(b);
  const zero = new Real(0);
  return near({ re: a, im: zero }, { re: b, im: zero }, zero);
}

function piecesOf(expression: Expression, comparison: Comparison): Interval[] | null {
  switch (expression.kind) {
    case 'reals':
      return [LINE];
    case 'set':
      return points(expression.items, comparison);
    case 'bracket':
      return interval(expression, comparison);
    case 'relation':
      return fromRelation(expression.parts, expression.signs, comparison);
    case 'list':
      return fromList(expression, comparison);
    case 'setOperation':
      return fromOperation(expression, comparison);
    default:
      return null;
  }
}

function points(items: readonly Expression[], comparison: Comparison): Interval[] | null {
  const values = items.map((item) => endOf(item, comparison));
  if (!values.every((value) => value?.isFinite())) return null;
  return values.map((value) => ({ lo: value!, hi: value!, loClosed: true, hiClosed: true }));
}

function interval(
  { open, close, items }: Expression & { kind: 'bracket' },
  comparison: Comparison,
): Interval[] | null {
  const [lo, hi] = items.length === 2 ? items.map((item) => endOf(item, comparison)) : [];
  if (!lo || !hi || lo.gt(hi)) return null;
  const piece: Interval = {
    lo,
    hi,
    loClosed: open === '[' && lo.isFinite(),
    hiClosed: close === ']' && hi.isFinite(),
  };
  return lo.eq(hi) && !(piece.loClosed && piece.hiClosed) ? [] : [piece];
}

function endOf(expression: Expression, { budget }: Comparison): Real | null {
  const sign = infinitySign(expression);
  if (sign !== 0) return sign > 0 ? INFINITE : INFINITE.neg();
  if (!isScalar(expression) || symbolsOf(expression).size > 0) return null;
  const exact = exactValue(expression, budget);
  if (isExact(exact)) return fractionValue(exact);
  const value: Complex | null = numericValue(expression, pointOf(new Map(), budget));
  return value && isReal(value) ? value.re : null;
}

const FLIPPED: Partial<Record<RelationSign, RelationSign>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' };

/** `x > 3`, `1 < x ≤ 2`, `x ≠ 4`, `x ∈ (1, 2)`. */
function fromRelation(
  parts: readonly Expression[],
  signs: readonly RelationSign[],
  comparison: Comparison,
): Interval[] | null {
  const at = parts.findIndex((part) => variableName(part) !== null);
  if (at < 0) return null;
  if (signs[0] === 'in') return at === 0 && parts.length === 2 ? piecesOf(parts[1]!, comparison) : null;
  if (parts.some((part, index) => index !== at && symbolsOf(part).size > 0)) return null;
  let pieces: Interval[] | null = [LINE];
  for (const [index, sign] of signs.entries()) {
    if (index !== at && index + 1 !== at) return null;
    const end = endOf(parts[index === at ? index + 1 : index]!, comparison);
    const own = index === at ? sign : (FLIPPED[sign] ?? sign);
    const side = end && half(own, end);
    if (!side) return null;
    pieces = intersect(pieces, side, comparison.budget);
  }
  const part = parts[at]!;
  return part.kind === 'call'
    ? solved(part.args[0]!, mirrored(pieces, comparison.budget), comparison)
    : pieces;
}

/** The numbers for which an expression in one variable has its value in the pieces; null where it is not linear. */
function solved(expression: Expression, pieces: Interval[], { budget }: Comparison): Interval[] | null {
  if (expression.kind === 'symbol') return pieces;
  const [at0, at1, at2] = [0, 1, 2].map((value) => exactValue(withValue(expression, value), budget));
  if (!isExact(at0!) || !isExact(at1!) || !isExact(at2!)) return null;
  const slope = at1.sub(at0);
  if (slope.equals(0) || !at2.sub(at1).equals(slope)) return null;
  const [factor, shift] = [fractionValue(slope), fractionValue(at0)];
  const back = (end: Real): Real => end.sub(shift).div(factor);
  return pieces.map(({ lo, hi, loClosed, hiClosed }) =>
    factor.isNegative()
      ? { lo: back(hi), hi: back(lo), loClosed: hiClosed, hiClosed: loClosed }
      : { lo: back(lo), hi: back(hi), loClosed, hiClosed },
  );
}

function withValue(expression: Expression, value: number): Expression {
  if (expression.kind === 'symbol') return { kind: 'number', value: new Fraction(value), digits: 0 };
  return mapParts(expression, (part) => withValue(part, value));
}

const HALF_LINE: Interval = { ...LINE, lo: new Real(0), loClosed: true };

/** All numbers whose absolute value is in the set. */
function mirrored(pieces: readonly Interval[], budget: Budget): Interval[] {
  return intersect(pieces, [HALF_LINE], budget).flatMap((piece) => [
    piece,
    { lo: piece.hi.neg(), hi: piece.lo.neg(), loClosed: piece.hiClosed, hiClosed: piece.loClosed },
  ]);
}

function half(sign: RelationSign, end: Real): Interval[] | null {
  const below: Interval = { ...LINE, hi: end, hiClosed: sign === '<=' };
  const above: Interval = { ...LINE, lo: end, loClosed: sign === '>=' };
  if (sign === '<' || sign === '<=') return [below];
  if (sign === '>' || sign === '>=') return [above];
  return sign === '!=' ? [below, above] : null;
}

/**
 * `x < 1 or x > 2` is a union, and so are intervals in a row; conditions with a comma or “and” between them hold together, unless
 * nothing fulfils them: then `x < 1, x > 2` are alternatives as well. “And” binds closer than “or”.
 */
function fromList(
  { items, joins = [] }: Expression & { kind: 'list' },
  comparison: Comparison,
): Interval[] | null {
  const sets: Interval[][] = [];
  for (const item of items) {
    const pieces = item.kind === 'relation' || item.kind === 'bracket' ? piecesOf(item, comparison) : null;
    if (!pieces) return null;
    sets.push(pieces);
  }
  if (items.every(({ kind }) => kind === 'bracket')) return sets.flat();
  if (joins.includes('or') && !joins.includes('and')) return sets.flat();
  const groups: Interval[][][] = [[sets[0]!]];
  for (const [at, pieces] of sets.slice(1).entries()) {
    if (joins[at] === 'or') groups.push([pieces]);
    else groups.at(-1)!.push(pieces);
  }
  return groups.flatMap((group) => together(group, comparison.budget));
}

function together(sets: readonly Interval[][], budget: Budget): Interval[] {
  const common = sets.reduce((a, b) => intersect(merge(a), merge(b), budget));
  return common.length > 0 ? common : sets.flat();
}

function fromOperation(
  { name, left, right }: Expression & { kind: 'setOperation' },
  comparison: Comparison,
): Interval[] | null {
  if (right.kind === 'integers' && name === 'intersection')
    return integersIn(piecesOf(left, comparison), right.isNatural);
  if (left.kind === 'integers' && name === 'intersection')
    return integersIn(piecesOf(right, comparison), left.isNatural);
  const [a, b] = [piecesOf(left, comparison), piecesOf(right, comparison)];
  if (!a || !b) return null;
  if (name === 'union') return [...a, ...b];
  const other = name === 'intersection' ? b : complement(merge(b), comparison.budget);
  return intersect(a, other, comparison.budget);
}

/** Null where they do not end. Natural numbers begin with 1, as those of most schoolbooks. */
function integersIn(pieces: readonly Interval[] | null, isNatural: boolean): Interval[] | null {
  const points: Interval[] = [];
  for (const { lo, hi, loClosed, hiClosed } of pieces ?? []) {
    const from = isNatural && lo.lt(1) ? new Real(1) : lo;
    if (!from.isFinite() || !hi.isFinite() || hi.sub(from).gt(PIECES_MAX)) return null;
    for (let at = from.ceil(); at.lte(hi); at = at.add(1)) {
      const isIn = (at.gt(lo) || loClosed) && (at.lt(hi) || hiClosed);
      if (isIn) points.push({ lo: at, hi: at, loClosed: true, hiClosed: true });
    }
  }
  return pieces && points;
}

function complement(pieces: readonly Interval[], budget: Budget): Interval[] {
  return pieces.reduce<Interval[]>(
    (rest, piece) =>
      intersect(
        rest,
        [
          { ...LINE, hi: piece.lo, hiClosed: !piece.loClosed && piece.lo.isFinite() },
          { ...LINE, lo: piece.hi, loClosed: !piece.hiClosed && piece.hi.isFinite() },
        ],
        budget,
      ),
    [LINE],
  );
}

function intersect(a: readonly Interval[], b: readonly Interval[], budget: Budget): Interval[] {
  spend(budget, 2 * a.length * b.length);
  return a.flatMap((left) => b.flatMap((right) => overlap(left, right)));
}

function overlap(a: Interval, b: Interval): Interval[] {
  const lower = a.lo.gt(b.lo) ? a : b;
  const upper = a.hi.lt(b.hi) ? a : b;
  const piece: Interval = {
    lo: lower.lo,
    hi: upper.hi,
    loClosed: a.lo.eq(b.lo) ? a.loClosed && b.loClosed : lower.loClosed,
    hiClosed: a.hi.eq(b.hi) ? a.hiClosed && b.hiClosed : upper.hiClosed,
  };
  const some = piece.lo.lt(piece.hi) || (piece.lo.eq(piece.hi) && piece.loClosed && piece.hiClosed);
  return some ? [piece] : [];
}

function merge(pieces: readonly Interval[]): Interval[] {
  const sorted = [...pieces].sort((a, b) => a.lo.cmp(b.lo) || Number(b.loClosed) - Number(a.loClosed));
  const merged: Interval[] = [];
  for (const piece of sorted) {
    const last = merged.at(-1);
    const touches =
      last && (piece.lo.lt(last.hi) || (piece.lo.eq(last.hi) && (piece.loClosed || last.hiClosed)));
    if (!touches) merged.push({ ...piece });
    else if (piece.hi.gt(last.hi)) Object.assign(last, { hi: piece.hi, hiClosed: piece.hiClosed });
    else if (piece.hi.eq(last.hi)) last.hiClosed ||= piece.hiClosed;
  }
  return merged;
}
