import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxesOf } from '../../src/text/boxes.js';

const contents = (text: string): string[] => boxesOf(text).closed.map(({ content }) => content);

test('boxes are found in the order written, each with its place', () => {
  const text = 'a \\boxed{ 1 } b \\fbox {2}';
  const { closed, unclosedAt } = boxesOf(text);
  assert.deepEqual(
    closed.map(({ start, end }) => text.slice(start, end)),
    ['\\boxed{ 1 }', '\\fbox {2}'],
  );
  assert.deepEqual(contents(text), ['1', '2']);
  assert.equal(unclosedAt, -1);
});

test('of boxes in boxes the innermost count', () => {
  assert.deepEqual(contents('\\boxed{x = \\boxed{\\frac{1}{2}}} \\boxed{\\boxed{3}, \\boxed{4}}'), [
    '\\frac{1}{2}',
    '3',
    '4',
  ]);
});

test('a box that does not close is told apart, and braces around it do not disturb', () => {
  assert.equal(boxesOf('{ \\boxed{1').unclosedAt, 2);
  assert.deepEqual(contents('{ } } \\{ \\boxed{1}} {'), ['1']);
  assert.equal(boxesOf('{ } } \\{ \\boxed{1}} {').unclosedAt, -1);
  assert.deepEqual(contents('\\boxed{\\{1\\}}'), ['\\{1\\}']);
});

test('a box without braces ends with its formula or sentence', () => {
  assert.deepEqual(
    contents('$\\boxed 7$ and $\\boxed \\frac{1}{2}$. \\boxed -4. {\\boxed 8} \\boxed x = 3 holds'),
    ['7', '\\frac{1}{2}', '-4', '8', 'x = 3'],
  );
  assert.deepEqual(contents('\\boxedx \\boxed'), []);
});
