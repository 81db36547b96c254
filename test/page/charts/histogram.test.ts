import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogramOption } from '../../../src/page/charts/histogram.js';
import { THEMES } from '../../../src/page/theme.js';

const DATA = {
  label: 'reward',
  edges: [0, 0.5, 1],
  series: [
    { name: 'kept', kind: 'kept' as const, counts: [1, 2] },
    { name: 'lost', kind: 'dropped' as const, counts: [3, 0] },
  ],
};

test('a bin a category, a stack of bars in the colours of what became of the rows', () => {
  const option = histogramOption(DATA, THEMES.light) as any;
  assert.deepEqual(option.xAxis[0].data, ['0 – 0.5', '0.5 – 1']);
  assert.deepEqual([option.xAxis[1].min, option.xAxis[1].max], [0, 1]);
  assert.deepEqual(
    option.series.map((each: any) => [each.data, each.itemStyle.color]),
    [
      [[1, 2], THEMES.light.kept],
      [[3, 0], THEMES.light.dropped],
    ],
  );
  assert.match(option.aria.label.description, /reward: 6 rows in 2 bins/);
});

test('a threshold is a line on the axis of numbers that no legend names', () => {
  const option = histogramOption({ ...DATA, marks: [{ at: 0.4, label: 'min' }] }, THEMES.light) as any;
  assert.deepEqual(option.series.at(-1).markLine.data, [{ xAxis: 0.4, name: 'min' }]);
  assert.equal(option.series.at(-1).xAxisIndex, 1);
  assert.deepEqual(option.legend.data, ['kept', 'lost']);
});
