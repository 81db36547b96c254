import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statedRates } from '../../../src/run/estimate/statedRates.js';
import { planOf, FIVE_STAGES } from './simulatedRun.js';

test('what a file states becomes rows without chance; a step that asks and is not stated is named', async () => {
  const plan = await planOf(FIVE_STAGES, 10);
  assert.throws(() => statedRates(plan, (model) => model), {
    code: 'ERR_USAGE',
    message: /generate, judgeSolvability, scoreDifficulty, respond, scoreReward will ask/,
  });
  const one = { keptShare: 0.5, requests: 2, promptTokens: 10, completionTokens: 100 };
  const steps = Object.fromEntries(plan.steps.map(({ label }) => [label, one]));
  const models = { writer: { tokensPerS: 50 } };
  const stated = { ...plan, settings: { ...plan.settings, estimate: { steps, models } } };
  const { rows, servers, steps: observed } = statedRates(stated, (model) => model);
  assert.equal(servers.length, 5);
  assert.equal(observed[1]!.rowsIn, rows / 2);
  const use = observed[0]!.uses['writer']!;
  assert.deepEqual([use.requests, use.completionTokens, use.busyS], [2 * rows, 200 * rows, 4 * rows]);
  assert.equal(observed[1]!.uses['judge']!.busyS, 0);
});
