import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valuesHeightPx, valuesOption } from '../../../src/page/charts/values.js';
import { THEMES } from '../../../src/page/theme.js';

const DATA = {
  label: 'level',
  counts: [
    { value: 'easy', rows: 3 },
    { value: 'hard', rows: 1 },
  ],
};

test('a bar a value, from the top, with its share', () => {
  const option = valuesOption(DATA, THEMES.light) as any;
  assert.deepEqual(option.yAxis.data, ['easy', 'hard']);
  assert.ok(option.yAxis.inverse);
  assert.deepEqual(
    option.series[0].data.map((each: any) => [each.value, each.label.formatter]),
    [
      [3, '75.0 %'],
      [1, '25.0 %'],
    ],
  );
  assert.match(option.aria.label.description, /level: 4 rows with 2 values/);
  assert.ok(valuesHeightPx(DATA) > 80);
});
