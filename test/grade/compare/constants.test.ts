import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { sameIndefinite, withConstantsOf } from '../../../src/grade/compare/constants.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

const same = (left: string, right: string): boolean =>
  sameIndefinite(parseAnswer(left)[0]!, parseAnswer(right)[0]!, { budget: createBudget(), seed: 1 });
const ways = (left: string, right: string): number =>
  withConstantsOf(parseAnswer(left)[0]!, parseAnswer(right)[0]!).length;

test('with a constant that is added, a number more says nothing', () => {
  assert.ok(same('x^2 + C', 'x^2 + 3 + C'));
  assert.ok(same('\\int 2x\\,dx', 'x^2 + c'));
  assert.ok(!same('x^2 + C', 'x^2 + x + C'));
  assert.ok(!same('x^2 + C', 'x^2'));
});

test('a small c beside several variables, or beside capitals, is no constant', () => {
  assert.ok(!same('a + b + c', 'a + b + c + 2'));
  assert.ok(!same('A + B + C', 'A + B + C + 2'));
});

test('constants go by other names where something else is named too', () => {
  assert.equal(ways('C_1e^x + C_2', 'Ae^x + B'), 3);
  assert.equal(ways('Ae^x + B', 'Be^x + A'), 1);
  assert.equal(ways('C_5', 'C_6'), 1);
});
