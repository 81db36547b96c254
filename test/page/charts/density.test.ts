import assert from 'node:assert/strict';
import { test } from 'node:test';
import { densityOption } from '../../../src/page/charts/density.js';
import { THEMES } from '../../../src/page/theme.js';

const option = densityOption(
  { x: 'a<b', y: 'reward', xEdges: [0, 1, 2], yEdges: [0, 5, 10], counts: [0, 3, 7, 0] },
  THEMES.light,
) as any;

test('a cell for each place that has rows', () => {
  assert.deepEqual(option.series[0].data, [
    [1, 0, 3],
    [0, 1, 7],
  ]);
  assert.equal(option.visualMap.max, 7);
});

test('a name of a column is text in the tooltip, not HTML', () => {
  assert.equal(option.tooltip.formatter({ value: [1, 0, 3] }), 'a&lt;b 1 – 2<br>reward 0 – 5<br>3 rows');
});
