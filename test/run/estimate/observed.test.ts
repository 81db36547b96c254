import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelStats } from '../../../src/backends/model.js';
import type { MeasuredEvent } from '../../../src/run/events.js';
import { NO_TOTALS } from '../../../src/run/monitor/totals.js';
import { busySecondsOf, groupsOf, observedIn } from '../../../src/run/estimate/observed.js';

const stats = (inFlight: number, queued: number): ModelStats => ({
  ...{ requests: 4, retries: 0, failures: 0, promptTokens: 40, completionTokens: 80, memoryPeakBytes: 0 },
  ...{ inFlight, queued },
  steps: {
    ask: {
      ...{ requests: 4, promptTokens: 40, cachedTokens: 0, completionTokens: 80, completionSquares: 1600 },
      ...{ busyS: 12, storeHits: 0 },
    },
  },
});

const event = (elapsedS: number, models: Record<string, ModelStats>, rowsIn = 4): MeasuredEvent => ({
  ...{ event: 'measured', elapsedS, issued: 0, watermark: 0, inFlight: 0, kept: 0, before: NO_TOTALS },
  ...{ models, steps: { ask: { rowsIn, kept: 3, dropped: 1, rejected: 0 } } },
});

test('the last measurement counts; servers are full while others wait for them, and two models may share them', () => {
  const events = [
    event(1, { a: stats(2, 0), b: stats(3, 5) }),
    event(2, { a: stats(4, 1), b: stats(5, 0) }),
    event(3, { a: stats(1, 0), b: stats(0, 0) }),
  ];
  const observed = observedIn(['ask', 'none'], events, () => 'shared')!;
  assert.deepEqual([observed.rows, observed.wallS], [4, 3]);
  assert.deepEqual(observed.servers, [{ models: ['a', 'b'], inFlight: 7, isFull: true }]);
  assert.deepEqual(observed.steps[1], { step: 'none', rowsIn: 0, kept: 0, uses: {} });
  const uses = Object.entries(observed.steps[0]!.uses).map(([model, { busyS }]) => ({ model, busyS }));
  assert.equal(busySecondsOf(observed.servers[0]!, uses), 24 / 7);
});

test('servers that nobody waited for are known by the most that they had', () => {
  const events = [event(1, { a: stats(2, 0) }), event(2, { a: stats(6, 0) }), event(3, { a: stats(0, 0) })];
  const { servers } = observedIn(['ask'], events, (model) => model)!;
  assert.deepEqual(servers, [{ models: ['a'], inFlight: 6, isFull: false }]);
});

test('a run that has decided nothing tells nothing', () => {
  assert.equal(
    observedIn(['ask'], [], (model) => model),
    null,
  );
  assert.equal(
    observedIn(['ask'], [event(1, {}, 0)], (model) => model),
    null,
  );
});

test('models are grouped by their servers', () => {
  assert.deepEqual(
    groupsOf(['a', 'b', 'c'], (model) => (model === 'b' ? 'x' : 'y')),
    [['a', 'c'], ['b']],
  );
});
