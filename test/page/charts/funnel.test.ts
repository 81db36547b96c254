import assert from 'node:assert/strict';
import { test } from 'node:test';
import { funnelHeightPx, funnelOption } from '../../../src/page/charts/funnel.js';
import { THEMES } from '../../../src/page/theme.js';

const steps = [
  { step: 'generate', kept: 10, dropped: 0, rejected: 0 },
  { step: 'keepBest', kept: 6, dropped: 4, rejected: 0 },
];

test('a bar a step, from the top, with what has rows and the share that went on', () => {
  const option = funnelOption({ steps }, THEMES.light) as any;
  assert.deepEqual(option.yAxis.data, ['generate', 'keepBest']);
  assert.deepEqual(option.legend.data, ['kept', 'dropped']);
  assert.deepEqual(
    option.series.at(-1).data.map((each: any) => each.label.formatter),
    ['100.0 %', '60.0 %'],
  );
});

test('a funnel of no step is no error, and each step makes it higher', () => {
  assert.doesNotThrow(() => funnelOption({ steps: [] }, THEMES.light));
  assert.ok(funnelHeightPx({ steps }) > funnelHeightPx({ steps: [] }));
});
