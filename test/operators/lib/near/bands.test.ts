import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBands } from '../../../../src/operators/lib/near/bands.js';
import { BINS } from '../../../../src/operators/lib/near/signature.js';

function shapeOf(threshold: number): [number, number] {
  const { count, rows } = createBands(threshold);
  return [count, rows];
}

test('bands and rows by threshold: 97 of 100 pairs at the threshold meet, in 20 bands at most where that is possible', () => {
  assert.deepEqual([0.5, 0.7, 0.8, 0.9, 1].map(shapeOf), [
    [13, 2],
    [20, 5],
    [12, 6],
    [5, 6],
    [1, 6],
  ]);
  for (const threshold of [0.2, 0.45, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]) {
    const [count, rows] = shapeOf(threshold);
    assert.ok(1 - (1 - threshold ** rows) ** count >= 0.97, `${threshold}`);
    assert.ok(count <= 20, `${threshold}: ${count}`);
  }
  assert.ok(shapeOf(0.001)[0] > 0);
});

test('a bin that changes changes the bands that it is in, about equally many for each bin, and no others', () => {
  const bands = createBands(0.7);
  const bins = Int32Array.from({ length: BINS }, (_, bin) => bin * 1000);
  const before = new Int32Array(bands.count);
  bands.write(bins, before);
  assert.equal(new Set(before).size, bands.count);
  let changed = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const after = new Int32Array(bands.count);
    bands.write(bins.with(bin, 7), after);
    const own = after.filter((hash, band) => hash !== before[band]).length;
    assert.ok(own === 1 || own === 2, `bin ${bin} is in ${own} bands`);
    changed += own;
  }
  assert.equal(changed, bands.count * bands.rows);
});
