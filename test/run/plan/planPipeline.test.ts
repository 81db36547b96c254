import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPipeline, planPipeline, runPipeline } from '../../../src/index.js';
import { PipelineProblems } from '../../../src/errors.js';
import { systemWorld } from '../../../src/run/systemWorld.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

test('mistakes of a file are thrown by planPipeline and given by checkPipeline; nothing is written', async () => {
  const { file, out } = smallPipeline();
  const set = { 'steps.deduplicate.similarityMin': 7, nonsense: 1 };
  await assert.rejects(runPipeline(file, { out, set }), PipelineProblems);
  await assert.rejects(planPipeline(file, { set }), PipelineProblems);
  const { plan, problems } = await checkPipeline(file, { set });
  assert.equal(plan, null);
  assert.equal(problems.length, 2);
  assert.deepEqual((await checkPipeline(file)).problems, []);
  await assert.rejects(checkPipeline(join(out, 'none.yaml')), { code: 'ERR_PIPELINE_READ' });
  assert.equal(existsSync(out), false);
});

test('checkPipeline gives the plan without what needs the contents of files', async () => {
  const { file } = smallPipeline();
  const { prompts, ...checked } = (await checkPipeline(file)).plan!;
  const { identity, parts, stepFingerprints, ...plan } = await planPipeline(file);
  assert.deepEqual(checked, plan);
  assert.equal(prompts.length, plan.steps.length);
  assert.ok(identity.length > 0 && Object.keys(parts).length > 0 && stepFingerprints.length > 0);
});

test('the environment is the one that is handed in', async () => {
  const { file } = smallPipeline();
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: small', 'name: ${SET_NAME}'));
  const plan = await planPipeline(file, {}, { ...systemWorld(), env: { SET_NAME: 'mine' } });
  assert.equal(plan.name, 'mine');
});
