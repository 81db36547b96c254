import assert from 'node:assert/strict';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { viewedPlan } from '../../../src/run/history/viewedPlan.js';
import { systemWorld } from '../../../src/run/systemWorld.js';
import { finishedRun, makeRun } from '../../helpers/runs/finishedRun.js';

test('the plan of a run comes from its folder, and loads no module of it', async () => {
  const { run, folder } = await makeRun(0);
  const marker = join(folder, 'executed');
  const module = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, '');`;
  writeFileSync(join(folder, 'none.mjs'), module);
  const changed = await viewedPlan(run, systemWorld());
  assert.equal(existsSync(marker), false, 'the module was executed');
  assert.match(changed.note ?? '', /is not what it was/);
  const { run: whole } = await makeRun(3);
  assert.equal((await viewedPlan(whole, systemWorld())).plan?.name, 'small');
});

test('why there is no plan is said in a sentence', async () => {
  const { run } = await finishedRun(3);
  appendFileSync(join(run, 'pipeline.yaml'), '# changed\n');
  assert.match((await viewedPlan(run, systemWorld())).note ?? '', /was changed/);
});
