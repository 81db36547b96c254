import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOption, thinned } from '../../../src/page/charts/lines.js';
import { THEMES } from '../../../src/page/theme.js';

test('many points are thinned evenly, with the first and the last', () => {
  const points = Array.from({ length: 100_001 }, (_, at) => at);
  const thin = thinned(points, 600);
  assert.equal(thin.length, 600);
  assert.deepEqual([thin[0], thin.at(-1)], [0, 100_000]);
  assert.deepEqual(thinned([1, 2], 600), [1, 2]);
});

test('a line for each series; a gap stays one', () => {
  const series = [
    {
      name: 'tiny',
      points: [
        [0, 1],
        [1, null],
      ] as const,
    },
    { name: 'judge', points: [[0, 2]] as const },
  ];
  const option = linesOption({ label: 'tokens/s', series }, THEMES.dark) as any;
  assert.deepEqual(option.legend.data, ['tiny', 'judge']);
  assert.deepEqual(option.series[0].data, [
    [0, 1],
    [1, null],
  ]);
  assert.equal(option.tooltip.valueFormatter(null), '–');
});
