import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';
import {
  type Expression,
  hasKind,
  isScalar,
  mapParts,
  partsOf,
  symbolsOf,
  withSign,
} from '../../../src/grade/parse/expression.js';
import { printExpression } from '../printExpression.js';

function read(answer: string): Expression {
  return parseAnswer(answer)[0]!;
}

/** Expressions of every kind that has parts. */
const WITH_PARTS = [
  ...[
    'x+1',
    '2x',
    'x/y',
    'x^2',
    '-x',
    '\\sin x',
    '1 \\pm x',
    '50\\%',
    '5\\text{ m}',
    '(1,x)',
    '\\{1,x\\}',
    '1, x',
  ],
  ...['\\begin{pmatrix}1 & x\\\\ y & 2\\end{pmatrix}', 'x = 1', 'A \\cup B', '3:x', '(B) 12'],
];

test('parts are given in the order written', () => {
  const parts = Object.fromEntries(
    ['x/y', '1 \\pm x', '\\pm x', '\\begin{pmatrix}1 & x\\\\ y & 2\\end{pmatrix}', '(B) 12', '7'].map(
      (answer) => [answer, partsOf(read(answer)).map(printExpression)],
    ),
  );
  assert.deepEqual(parts, {
    'x/y': ['x', 'y'],
    '1 \\pm x': ['1', 'x'],
    '\\pm x': ['x'],
    '\\begin{pmatrix}1 & x\\\\ y & 2\\end{pmatrix}': ['1', 'x', 'y', '2'],
    '(B) 12': ['12'],
    '7': [],
  });
});

for (const answer of WITH_PARTS) {
  test(`${answer}: a change reaches each direct part once, and nothing else`, () => {
    const expression = read(answer);
    const before = partsOf(expression);
    const marks = new Map(
      before.map((part, at): [Expression, Expression] => [part, { kind: 'symbol', name: `p${at}` }]),
    );
    const seen: Expression[] = [];
    const changed = mapParts(expression, (part) => {
      seen.push(part);
      return marks.get(part)!;
    });
    assert.ok(before.length > 0);
    assert.deepEqual(seen, before);
    assert.deepEqual(
      partsOf(changed).map(printExpression),
      before.map((_, at) => `p${at}`),
    );
    assert.deepEqual(
      mapParts(expression, (part) => part),
      expression,
    );
  });
}

test('variables are named once, however deep; e and i are none', () => {
  assert.deepEqual([...symbolsOf(read('x^2 + \\frac{y}{x} + e^{i z}'))].sort(), ['x', 'y', 'z']);
  assert.deepEqual([...symbolsOf(read('3'))], []);
});

test('a kind is found at the top, inside, or not at all', () => {
  assert.ok(hasKind(read('5\\text{ m}'), 'quantity'));
  assert.ok(hasKind(read('1 + 5\\text{ m}'), 'quantity'));
  assert.ok(!hasKind(read('1 + x'), 'quantity'));
});

test('a scalar is one number once its variables have values', () => {
  for (const answer of ['x^2+1', '50\\%', '5\\text{ m}', '10_2', '\\sqrt{x}'])
    assert.ok(isScalar(read(answer)), answer);
  for (const answer of ['(1,2)', 'x=1', '1, 2', '\\pm 2', '1 \\pm x', '2(1,2)'])
    assert.ok(!isScalar(read(answer)), answer);
});

test('± is read as plus, then as minus; ∓ the other way round', () => {
  const both = (answer: string): string[] =>
    [true, false].map((plus) => printExpression(withSign(read(answer), plus)));
  assert.deepEqual(both('\\pm 2'), ['2', '(negative 2)']);
  assert.deepEqual(both('1 \\pm x'), ['(sum 1 x)', '(sum 1 (negative x))']);
  assert.deepEqual(both('1 \\mp x'), ['(sum 1 (negative x))', '(sum 1 x)']);
  assert.deepEqual(both('\\frac{1 \\pm x}{2}'), [
    '(quotient (sum 1 x) 2)',
    '(quotient (sum 1 (negative x)) 2)',
  ]);
});
