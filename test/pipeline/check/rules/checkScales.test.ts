import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkText, problemsOf } from '../../../helpers/runs/pipelineWorld.js';
import { GENERATE, withSteps } from '../../../helpers/texts/checkCases.js';

const SCORED = [GENERATE, 'respond: { model: tiny }', 'scoreReward: { model: tiny }'];

test('a bound above the scale of a verifier is told', async () => {
  const [found, ...more] = await problemsOf(withSteps(...SCORED, 'keepBest: { rewardMin: 1.5 }'));
  assert.deepEqual(more, []);
  assert.equal(found!.code, 'ERR_PIPELINE_BOUND');
  assert.match(found!.message, /found a rewardMin of 1\.5, but the rewards of scoreReward go from 0 to 1/);
});

for (const rewardMin of [0, 0.5, 1, -3])
  test(`rewardMin: ${rewardMin} may be reached`, async () => {
    await checkText(withSteps(...SCORED, `keepBest: { rewardMin: ${rewardMin} }`));
  });

test('a reward model has a scale of its own', async () => {
  const text = withSteps(
    ...SCORED.slice(0, 2),
    'scoreReward: { model: reward, method: score }',
    'keepBest: { rewardMin: 5 }',
  ).replace('models: {', 'models: { reward: { pooling: { replicas: ["http://127.0.0.1:9"], model: r } },');
  await checkText(text);
});
