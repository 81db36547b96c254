import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnit, unitMeaning } from '../../../src/grade/values/units.js';

const MEANINGS: [written: string, dimension: string, factor: number][] = [
  ['cm', 'length^1', 0.01],
  ['cm^2', 'length^2', 0.0001],
  ['square centimeters', 'length^2', 0.0001],
  ['km/h', 'length^1 time^-1', 1000 / 3600],
  ['miles per hour', 'length^1 time^-1', 1609.344 / 3600],
  ['cubic feet', 'length^3', 0.3048 ** 3],
  ['minutes', 'time^1', 60],
  ['dollars', 'money^1', 1],
  ['cents', 'money^1', 0.01],
  ['m/s^2', 'length^1 time^-2', 1],
  ['meters per second squared', 'length^1 time^-2', 1],
  ['meters cubed', 'length^3', 1],
  ['mph', 'length^1 time^-1', 1609.344 / 3600],
  ['mL', 'length^3', 1e-6],
  ['newtons', 'length^1 mass^1 time^-2', 1000],
  ['degrees Celsius', 'celsius^1', 1],
  ['\\dollar / hour', 'money^1 time^-1', 1 / 3600],
];

for (const [written, dimension, factor] of MEANINGS) {
  test(`${written} is ${factor} of ${dimension}`, () => {
    const meaning = unitMeaning(written);
    assert.equal(meaning.dimension, dimension);
    assert.ok(meaning.known && Math.abs(Number(meaning.over) / Number(meaning.under) / factor - 1) < 1e-12);
  });
}

test('what is no unit is known by its words, in the singular', () => {
  assert.deepEqual(unitMeaning('Red apples'), { dimension: 'red apple', over: 1n, under: 1n, known: false });
});

test('single letters are variables, longer names are units', () => {
  assert.deepEqual(['m', 'in', 'cm', 'Meters', 'xyz'].map(isUnit), [false, false, true, true, false]);
});
