import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateText, timeText, timestampText } from '../../../../src/io/parquet/read/times.js';

test('times exact to the last digit, before 1970 too', () => {
  assert.equal(dateText(0), '1970-01-01');
  assert.equal(dateText(-1), '1969-12-31');
  assert.equal(timestampText(1_500n, 'MILLIS', true), '1970-01-01T00:00:01.5Z');
  assert.equal(timestampText(-1n, 'NANOS', false), '1969-12-31T23:59:59.999999999');
  assert.equal(timestampText(-86_400_000_000n, 'MICROS', false), '1969-12-31T00:00:00');
  assert.equal(timeText(86_399_999n, 'MILLIS'), '23:59:59.999');
});

test('what has no form of four digits for its year, or is no time of a day, is null', () => {
  assert.equal(dateText(-(2 ** 31)), null);
  assert.equal(dateText(2 ** 31 - 1), null);
  assert.equal(timestampText(2n ** 63n - 1n, 'MILLIS', true), null);
  assert.equal(timeText(-1n, 'MICROS'), null);
  assert.equal(timeText(86_400_000n, 'MILLIS'), null);
});
