import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOf, modelFacts } from '../../../../src/run/report/page/facts.js';
import type { Performance } from '../../../../src/run/report/report.js';

const PERFORMANCE = {
  ...{ from: 0, wallS: 125, replayedRows: 0, cpuS: 1, memoryPeakBytes: 3 << 20 },
  models: {
    tiny: {
      requests: 1200,
      retries: 1,
      failures: 0,
      promptTokens: 5,
      completionTokens: 7,
      memoryPeakBytes: 0,
    },
  },
} as unknown as Performance;

test('time, memory and cost in words; nothing where nothing is known', () => {
  assert.deepEqual(factsOf(null), []);
  assert.deepEqual(factsOf(PERFORMANCE), [
    { name: 'time', value: '2:05' },
    { name: 'peak memory', value: '3 MiB' },
  ]);
  const cost = { money: { USD: 1.5 }, gpuHours: 2, unknown: { judge: 'it has no price' } };
  const named = (performance: Performance): string[] =>
    factsOf(performance).map(({ name, value }) => `${name}: ${value}`);
  assert.equal(named({ ...PERFORMANCE, from: 40 })[0], 'time since the last start, at row 40: 2:05');
  const total = { starts: 2, wallS: 3600, models: {} };
  assert.deepEqual(named({ ...PERFORMANCE, from: 40, cost, total }), [
    ...[
      'time: 1:00:00',
      'starts: 2',
      'peak memory: 3 MiB',
      'cost, without judge: 1.50 USD',
      'GPU hours: 2.00',
    ],
  ]);
});

test('a line for each model', () => {
  assert.deepEqual(modelFacts(null), []);
  const [tiny] = modelFacts(PERFORMANCE);
  assert.equal(tiny!.model, 'tiny');
  assert.deepEqual(tiny!.facts[0], { name: 'requests', value: '1,200' });
});

test('tokens of thoughts have their number where a server counts them', () => {
  const names = (more: object) => {
    const tiny = { ...PERFORMANCE.models['tiny']!, ...more };
    return modelFacts({ ...PERFORMANCE, models: { tiny } })[0]!.facts.map(({ name }) => name);
  };
  assert.ok(!names({}).includes('of them thoughts'));
  assert.equal(names({ reasoningTokens: 5 }).at(-1), 'of them thoughts');
});
