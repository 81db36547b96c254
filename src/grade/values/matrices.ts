import { type Budget, spend } from '../compare/budget.js';
import { exactValue, isExact } from './exact.js';
import { type Expression, hasKind, isScalar, partsOf } from '../parse/expression.js';

type Rows = Expression[][];

/** Rows and columns of a matrix that is multiplied out; larger ones are compared as they are written. */
const SIZE_MAX = 8;
const DETERMINANT_SIZE_MAX = 4;
const POWER_MAX = 12;

const ARITHMETIC = new Set<Expression['kind']>(['sum', 'product', 'negative', 'quotient', 'power']);

/** Sums, products and transposes of matrices worked out, cell by cell; anything else as it is. */
export function workedOut(expression: Expression, budget: Budget): Expression {
  if (expression.kind === 'matrix' || expression.kind === 'bracket') return expression;
  const isMatrix = hasKind(expression, 'matrix');
  if (!isMatrix && !(ARITHMETIC.has(expression.kind) && hasKind(expression, 'bracket'))) return expression;
  const rows = rowsOf(expression, budget);
  if (!rows) return expression;
  const isColumn = !isMatrix && rows.every((row) => row.length === 1);
  const whole: Expression = isColumn
    ? { kind: 'bracket', open: '(', close: ')', items: rows.flat() }
    : { kind: 'matrix', rows };
  return spentOn(whole, budget);
}

/**
 * A cell of a product holds those of its factors, so that a chain of products holds the first ones thousands of times. Whoever walks
 * the expression meets each of them: that work is spent here, before anybody does.
 */
function spentOn<E extends Expression>(expression: E, budget: Budget): E {
  spend(budget, 1);
  for (const part of partsOf(expression)) spentOn(part, budget);
  return expression;
}

function rowsOf(expression: Expression, budget: Budget): Rows | null {
  switch (expression.kind) {
    case 'matrix':
      return expression.rows;
    // A tuple with a factor, or added to another, is a vector.
    case 'bracket':
      return expression.items.length > 1 && expression.items.every(isScalar)
        ? expression.items.map((item) => [item])
        : null;
    case 'negative':
      return mapCells(rowsOf(expression.of, budget), (of) => ({ kind: 'negative', of }));
    case 'quotient':
      if (!isScalar(expression.under)) return null;
      return mapCells(rowsOf(expression.over, budget), (over) => ({ ...expression, over }));
    case 'sum':
      return expression.terms
        .map((term) => rowsOf(term, budget))
        .reduce((a, b) => a && b && sumOf(a, b, budget));
    case 'product':
      return productOf(expression.factors, budget);
    case 'power':
      return powerOf(rowsOf(expression.base, budget), expression.exponent, budget);
    default:
      return null;
  }
}

function mapCells(rows: Rows | null, change: (cell: Expression) => Expression): Rows | null {
  return rows && rows.map((row) => row.map(change));
}

function sumOf(a: Rows, b: Rows, budget: Budget): Rows | null {
  if (a.length !== b.length || a[0]!.length !== b[0]!.length) return null;
  spend(budget, a.length * a[0]!.length);
  return a.map((row, at) => row.map((cell, to) => ({ kind: 'sum', terms: [cell, b[at]![to]!] })));
}

/** Factors from left to right; numbers may stand anywhere. */
function productOf(factors: readonly Expression[], budget: Budget): Rows | null {
  let rows: Rows | null = null;
  const scalars: Expression[] = [];
  for (const factor of factors) {
    if (isScalar(factor)) {
      scalars.push(factor);
      continue;
    }
    const own = rowsOf(factor, budget);
    if (!own) return null;
    rows = rows ? multiplied(rows, own, budget) : own;
    if (!rows) return null;
  }
  if (scalars.length === 0) return rows;
  return mapCells(rows, (cell) => ({ kind: 'product', factors: [...scalars, cell] }));
}

function multiplied(a: Rows, b: Rows, budget: Budget): Rows | null {
  if (a[0]!.length !== b.length || Math.max(a.length, b.length, b[0]!.length) > SIZE_MAX) return null;
  spend(budget, a.length * b.length * b[0]!.length);
  return a.map((row) =>
    b[0]!.map((_, to) => {
      const terms = row.map((cell, at): Expression => ({ kind: 'product', factors: [cell, b[at]![to]!] }));
      return shortened({ kind: 'sum', terms }, budget);
    }),
  );
}

/** As one number where it is one: a power of a matrix of numbers does not grow. */
function shortened(cell: Expression, budget: Budget): Expression {
  const value = exactValue(cell, budget);
  return isExact(value) ? { kind: 'number', value, digits: 0 } : cell;
}

/** By its adjugate; null where its determinant is known to be 0. */
function inverseOf(rows: Rows, budget: Budget): Rows | null {
  const under = determinant(rows, budget);
  if (!under || rows.length < 2) return null;
  const value = exactValue(under, budget);
  if (isExact(value) && value.equals(0)) return null;
  return rows.map((_, at) =>
    rows.map((_row, to) => {
      const minor = alongFirstRow(rows.toSpliced(to, 1).map((row) => row.toSpliced(at, 1)));
      const over: Expression = (at + to) % 2 === 0 ? minor : { kind: 'negative', of: minor };
      return shortened({ kind: 'quotient', over, under }, budget);
    }),
  );
}

function powerOf(rows: Rows | null, exponent: Expression, budget: Budget): Rows | null {
  if (!rows) return null;
  if (exponent.kind === 'symbol' && exponent.name === 'T')
    return rows[0]!.map((_, at) => rows.map((row) => row[at]!));
  if (exponent.kind === 'negative' && exponent.of.kind === 'number' && exponent.of.value.equals(1))
    return inverseOf(rows, budget);
  if (exponent.kind !== 'number' || exponent.value.d !== 1n) return null;
  const times = Number(exponent.value.valueOf());
  if (times < 1 || times > POWER_MAX) return null;
  let power: Rows | null = rows;
  for (let at = 1; at < times && power; at++) power = multiplied(power, rows, budget);
  return power;
}

/** Null for a matrix that is not square, or too large. */
export function determinant(rows: Rows, budget: Budget): Expression | null {
  if (rows.length > DETERMINANT_SIZE_MAX || rows.some((row) => row.length !== rows.length)) return null;
  return spentOn(alongFirstRow(rows), budget);
}

function alongFirstRow(rows: Rows): Expression {
  if (rows.length === 1) return rows[0]![0]!;
  const terms = rows[0]!.map((cell, column): Expression => {
    const minor = alongFirstRow(rows.slice(1).map((row) => row.toSpliced(column, 1)));
    const term: Expression = { kind: 'product', factors: [cell, minor] };
    return column % 2 === 0 ? term : { kind: 'negative', of: term };
  });
  return { kind: 'sum', terms };
}
