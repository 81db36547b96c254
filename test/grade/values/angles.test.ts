import assert from 'node:assert/strict';
import { test } from 'node:test';
import { angleValue, isDegrees } from '../../../src/grade/values/angles.js';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { hasKind } from '../../../src/grade/parse/expression.js';
import { numericValue, pointOf } from '../../../src/grade/values/numeric.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

function valueOf(answer: string): number {
  return numericValue(angleValue(parseAnswer(answer)[0]!), pointOf(new Map(), createBudget()))!.re.toNumber();
}

test('degrees become radians wherever they stand, radians lose their name, lengths stay', () => {
  assert.ok(Math.abs(valueOf('180^\\circ') - Math.PI) < 1e-15);
  assert.ok(Math.abs(valueOf('2(90^\\circ-30\\text{ degrees})') - (2 * Math.PI) / 3) < 1e-15);
  assert.equal(valueOf('3\\text{ rad}'), 3);
  assert.ok(hasKind(angleValue(parseAnswer('3\\text{ cm}')[0]!), 'quantity'));
});

test('only degrees are degrees', () => {
  const isAngle = (answer: string): boolean => isDegrees(parseAnswer(answer)[0]!);
  assert.deepEqual(['5°', '5 degrees', '5', '5 cm', '20^\\circ C'].map(isAngle), [
    ...[true, true],
    ...[false, false, false],
  ]);
});
