import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';
import { isMeasure, markUnits } from '../../../src/grade/parse/plainUnits.js';

const MARKED: [text: string, marked: string][] = [
  ['5 m', '5\\text{ m}'],
  ['5 m/s^2', '5\\text{ m/s^2}'],
  ['5 m s^{-1}', '5\\text{ m s^-1}'],
  ['5km/h', '5\\text{ km/h}'],
  ['5\\text{ kg}/L', '5\\text{ kg/L}'],
  ['\\frac{1}{2} m, 3 g', '\\frac{1}{2}\\text{ m}, 3\\text{ g}'],
  ['5 \\frac{\\text{m}}{\\text{s}}', '5\\text{ m / s}'],
];

for (const [text, marked] of MARKED) test(`${text} has a unit`, () => assert.equal(markUnits(text), marked));

test('letters that may be variables stay letters', () => {
  for (const text of [
    '5m',
    '5\\text{ m}',
    '5m/s',
    '5 t',
    '5 x',
    '5 m/n',
    '5\\frac{m}{s}',
    '5 m(x)',
    '5 m_1',
    'm/s',
    '5 M',
  ])
    assert.equal(markUnits(text), text);
});

test('a unit belongs behind a number of its own', () => {
  const measure = (text: string): boolean => isMeasure(parseAnswer(text)[0]!);
  const own = [
    '5\\text{ m}',
    'x=5\\text{ m}',
    '\\{1\\text{ m},2\\}',
    '2\\sqrt3\\text{ m}',
    '3\\pm1\\text{ m}',
  ];
  assert.deepEqual(
    own.filter((text) => !measure(text)),
    [],
  );
  const mixed = [
    '2\\text{ s}+5',
    'a\\text{ m}',
    '2\\text{ m}\\cdot x',
    '\\sin(2\\text{ m})',
    'x>5\\text{ m}',
  ];
  assert.deepEqual(mixed.filter(measure), []);
});
