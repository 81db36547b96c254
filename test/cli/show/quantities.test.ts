import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countText, percentText, rateText, durationText } from '../../../src/cli/show/quantities.js';

test('counts are exact as long as they are short', () => {
  assert.deepEqual([0, 1234, 99_999, 123_456, 999_999, 1_234_567, 2e9, 3.456e12].map(countText), [
    ...['0', '1,234', '99,999', '123k', '1000k', '1.23M', '2G', '3.46T'],
  ]);
});

test('rates have the figures that tell them apart', () => {
  assert.deepEqual([0, 0.123, 4.25, 42.4, 1234, 1_200_000].map(rateText), [
    ...['0', '0.12', '4.3', '42', '1,234', '1.2M'],
  ]);
});

test('times have their two largest units', () => {
  assert.deepEqual([0, 59.4, 60, 125, 3599.6, 11_520, 86_400, 190_000].map(durationText), [
    ...['0 s', '59 s', '1 min', '2 min 5 s', '1 h', '3 h 12 min', '1 d', '2 d 4 h'],
  ]);
});

test('what is not done is never 100 %', () => {
  assert.deepEqual([0, 0.5, 0.9999, 1, 1.5].map(percentText), ['0 %', '50 %', '99 %', '100 %', '100 %']);
});
