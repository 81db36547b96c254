import assert from 'node:assert/strict';
import { test } from 'node:test';
import { densityOption } from '../../../src/page/charts/density.js';
import { init } from '../../../src/page/charts/echarts.js';
import { funnelOption } from '../../../src/page/charts/funnel.js';
import { histogramOption } from '../../../src/page/charts/histogram.js';
import { linesOption } from '../../../src/page/charts/lines.js';
import { THEMES } from '../../../src/page/theme.js';

test('each series and component that our charts name is joined: ECharts would say which one is not', (t) => {
  const said: unknown[] = [];
  t.mock.method(console, 'error', (...words: unknown[]) => said.push(words));
  t.mock.method(console, 'warn', (...words: unknown[]) => said.push(words));
  const series = [{ name: 'a', kind: 'kept' as const, counts: [1] }];
  const options = [
    histogramOption({ label: 'x', edges: [0, 1], series, marks: [{ at: 0.5, label: 'min' }] }, THEMES.light),
    densityOption({ x: 'x', y: 'y', xEdges: [0, 1], yEdges: [0, 1], counts: [4] }, THEMES.light),
    linesOption({ label: 'x', series: [{ name: 'a', points: [[0, 1]] }] }, THEMES.light),
    funnelOption({ steps: [{ step: 'a', kept: 1, dropped: 1, rejected: 1 }] }, THEMES.light),
  ];
  for (const option of options) {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: 100, height: 100 });
    chart.setOption(option);
    chart.dispose();
  }
  assert.deepEqual(said, []);
  // The other way: a chart that is not joined is told.
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 100, height: 100 });
  chart.setOption({ series: [{ type: 'pie', data: [1] }] });
  chart.dispose();
  assert.ok(said.length > 0);
});
