import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateOf, hourOf, ordinalOf } from '../../../src/grade/texts/dates.js';

const DATES: readonly [string, string | null][] = [
  ['March 5', '-3-5'],
  ['5th of March', '-3-5'],
  ['Mar. 5th, 2020', '2020-3-5'],
  ['2020-03-05', '2020-3-5'],
  ['2020-13-05', null],
  ['March 32', null],
  ['Marching 5', null],
  ['x 5', null],
];
for (const [written, wanted] of DATES) {
  test(`the date of ${written} is ${wanted}`, () => assert.equal(dateOf(written), wanted));
}

test('hours that are said in words have minutes', () => {
  assert.equal(hourOf('noon'), '12:00pm');
  assert.equal(hourOf('12 midnight'), '12:00am');
  assert.equal(hourOf("8 o'clock pm"), '8:00pm');
  assert.equal(hourOf('afternoon'), null);
});

test('places in a row have digits', () => {
  assert.deepEqual(['first', 'the second', 'third', 'twelfth'].map(ordinalOf), ['1st', '2nd', '3rd', '12th']);
  assert.equal(ordinalOf('a third'), null);
});
