import assert from 'node:assert/strict';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readManifest } from '../../../src/io/runFolder/manifest.js';
import { assertSamePlan, planOfRun } from '../../../src/run/plan/planOfRun.js';
import { systemWorld } from '../../../src/run/systemWorld.js';
import { makeRun } from '../../helpers/runs/finishedRun.js';

test('the plan of a run is that of its copy, or of the file that is named', async () => {
  const { run, file } = await makeRun();
  const manifest = await readManifest(nodeFiles, join(run, 'manifest.jsonl'));
  for (const options of [{}, { pipeline: file }]) {
    const plan = await planOfRun(run, options, systemWorld());
    assertSamePlan(run, manifest, plan);
    assert.throws(() => assertSamePlan(run, manifest, { ...plan, identity: 'other' }), {
      code: 'ERR_RUN_FOLDER',
    });
  }
  rmSync(join(run, 'log.jsonl'));
  await assert.rejects(planOfRun(run, {}, systemWorld()), /does not say where/);
});

test('a copy that was changed is not believed', async () => {
  const { run } = await makeRun();
  appendFileSync(join(run, 'pipeline.yaml'), '# more\n');
  await assert.rejects(planOfRun(run, {}, systemWorld()), { code: 'ERR_DATA_INVALID' });
});
