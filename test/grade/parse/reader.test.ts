import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADE_LIMITS, createBudget } from '../../../src/grade/compare/budget.js';
import {
  type Reader,
  chain,
  deeper,
  expect,
  isName,
  isSign,
  peek,
  take,
} from '../../../src/grade/parse/reader.js';
import { readTokens } from '../../../src/grade/parse/tokens.js';

function readerOf(text: string): Reader {
  const budget = createBudget({ ...GRADE_LIMITS, depthMax: 3 });
  return {
    tokens: readTokens(text, { thousands: true }, budget)!,
    at: 0,
    depth: 0,
    bars: 0,
    series: 0,
    budget,
  };
}

test('a reader looks ahead, and takes only what it is asked for', () => {
  const reader = readerOf('+\\sin');
  assert.ok(
    isSign(peek(reader), '-', '+') && isName(peek(reader, 1), 'sin') && peek(reader, 2) === undefined,
  );
  assert.equal(take(reader, '-'), false);
  assert.equal(take(reader, '+'), true);
  assert.throws(() => expect(reader, '+'), { message: 'no maths' });
});

test('depth and chains have a limit', () => {
  const reader = readerOf('1');
  assert.throws(
    () => deeper(reader, () => deeper(reader, () => deeper(reader, () => deeper(reader, () => 1)))),
    {
      code: 'ROW_GRADE_LIMIT',
    },
  );
  chain(reader, 12);
  assert.throws(() => chain(reader, 13), { code: 'ROW_GRADE_LIMIT' });
});
