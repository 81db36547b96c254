import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as charts from '#charts';
import { histogramOf } from '../../../../src/run/report/page/bins.js';
import { picturesOf } from '../../../../src/run/report/page/pictures.js';

test('a picture for what there is, none for what there is not, each small', () => {
  const funnelChart = { steps: [{ step: 'a', kept: 2, dropped: 1, rejected: 0 }] };
  const few = picturesOf({ funnelChart, histograms: [], density: null }, charts);
  assert.deepEqual(
    few.map(({ file }) => file),
    ['pictures/funnel.svg'],
  );
  const density = { x: 'difficulty', y: 'reward', xEdges: [0, 1, 2], yEdges: [0, 1], counts: [1, 2] };
  const all = picturesOf({ funnelChart, histograms: [histogramOf('reward', [1, 2, 3])!], density }, charts);
  assert.deepEqual(
    all.map(({ file }) => file),
    ['pictures/funnel.svg', 'pictures/reward.svg', 'pictures/density.svg'],
  );
  for (const { svg } of all) assert.ok(svg.startsWith('<svg role="img"') && svg.length < 60_000);
});
