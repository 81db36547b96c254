import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUANTILE_SHARES, distributionOf } from '../../../src/run/diff/distribution.js';

test('few numbers give exact quantiles, between the two nearest', () => {
  const numbers = distributionOf();
  for (const [seq, value] of [4, 1, 3, 2, null, NaN].entries()) numbers.add(seq, value);
  const { quantiles, ...rest } = numbers.result()!;
  assert.deepEqual(rest, { count: 4, nulls: 2, min: 1, max: 4, mean: 2.5, isExact: true });
  assert.deepEqual(
    quantiles.map((each) => Math.round(each * 1000) / 1000),
    [1.15, 1.75, 2.5, 3.25, 3.85],
  );
  assert.equal(distributionOf().result(), null);
});

test('of many numbers a sample stays, whose quantiles are near the true ones, in whatever order rows come', () => {
  const rows = 200_000;
  const [up, down] = [distributionOf(8192), distributionOf(8192)];
  for (let seq = 0; seq < rows; seq++) {
    up.add(seq, seq / rows);
    down.add(rows - 1 - seq, (rows - 1 - seq) / rows);
  }
  const [first, second] = [up.result()!, down.result()!];
  assert.equal(first.count, rows);
  assert.equal(first.isExact, false);
  assert.deepEqual(first.quantiles, second.quantiles);
  for (const [at, share] of QUANTILE_SHARES.entries())
    assert.ok(Math.abs(first.quantiles[at]! - share) < 0.03, `${share}: ${first.quantiles[at]}`);
});
