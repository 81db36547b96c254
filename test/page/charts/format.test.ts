import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNumber, formatShare, formatSpan } from '../../../src/page/charts/format.js';

test('numbers are as short as they read well, whatever the locale', () => {
  const given = [0, 7, 12_345, -1234, 1e6, 0.75, 0.12345, 1234.5, 0.00012, 1.23e-7, -0.5, NaN];
  const expected = [
    '0',
    '7',
    '12,345',
    '-1,234',
    '1,000,000',
    '0.75',
    '0.123',
    '1,235',
    '0.00012',
    '1.2e-7',
    '-0.5',
    'NaN',
  ];
  assert.deepEqual(given.map(formatNumber), expected);
});

test('a share of nothing is no number', () => {
  assert.equal(formatShare(1, 3), '33.3 %');
  assert.equal(formatShare(0, 0), '–');
});

test('spans of time', () => {
  const given = [0, 59.4, 59.6, 185, 7385, 93_780];
  assert.deepEqual(given.map(formatSpan), ['0 s', '59 s', '1:00', '3:05', '2:03:05', '1 d 2:03']);
});
