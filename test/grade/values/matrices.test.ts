import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADE_LIMITS, createBudget } from '../../../src/grade/compare/budget.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';
import { determinant, workedOut } from '../../../src/grade/values/matrices.js';
import { exactValue } from '../../../src/grade/values/exact.js';

const M = '\\begin{pmatrix}1&2\\\\0&1\\end{pmatrix}';

function cells(text: string): (number | string)[][] | null {
  const budget = createBudget();
  const worked = workedOut(parseAnswer(text)[0]!, budget);
  if (worked.kind !== 'matrix') return null;
  return worked.rows.map((row) => row.map((cell) => Number(exactValue(cell, budget)) + 0));
}

test('sums, products, powers and transposes of matrices are worked out', () => {
  assert.deepEqual(cells(`${M}+${M}`), [
    [2, 4],
    [0, 2],
  ]);
  assert.deepEqual(cells(`3${M}${M}`), [
    [3, 12],
    [0, 3],
  ]);
  assert.deepEqual(cells(`${M}^3`), [
    [1, 6],
    [0, 1],
  ]);
  assert.deepEqual(cells(`${M}^{10}`), [
    [1, 20],
    [0, 1],
  ]);
  assert.deepEqual(cells(`(2${M})^{-1}`), [
    [0.5, -1],
    [0, 0.5],
  ]);
  assert.deepEqual(cells(`-\\frac{${M}^T}{2}`), [
    [-0.5, 0],
    [-1, -0.5],
  ]);
});

test('what does not fit stays as it is', () => {
  for (const text of [`${M}+1`, `${M}\\begin{pmatrix}1&2\\end{pmatrix}`, `${M}^{13}`])
    assert.equal(cells(text), null);
});

test('a determinant has a size, and its work is paid for', () => {
  const row = Array.from({ length: 5 }, () => ({ kind: 'symbol', name: 'x' }) as const);
  const budget = createBudget({ ...GRADE_LIMITS, workMax: 1000 });
  assert.equal(determinant([row, row, row, row, row], budget), null);
  assert.ok(determinant([row.slice(0, 4), row.slice(0, 4), row.slice(0, 4), row.slice(0, 4)], budget));
  assert.ok(budget.workLeft < 900);
});

test('chains and nests of matrices, which grow twofold a step, end at the limit', () => {
  const chain = String.raw`\begin{pmatrix}1&x\\0&1\end{pmatrix}`.repeat(30);
  const nest = (depth: number): string =>
    depth === 0 ? 'x' : String.raw`\begin{vmatrix}1&2&3\\4&5&6\\7&8&${nest(depth - 1)}\end{vmatrix}`;
  for (const text of [chain, nest(40)])
    assert.throws(() => cells(text), { code: 'ROW_GRADE_LIMIT' }, text.slice(0, 60));
});
