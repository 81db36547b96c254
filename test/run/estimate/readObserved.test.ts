import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { planPipeline } from '../../../src/run/plan/planPipeline.js';
import { readObserved } from '../../../src/run/estimate/readObserved.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

test('a run of steps that ask nobody tells its shares, its bytes and that it is done', async () => {
  const { file, out } = smallPipeline();
  assert.equal((await hostCommand(['run', file, '--out', out])).code, 0);
  const plan = await planPipeline(file);
  const { observed, runBytesPerRow, isDone } = await readObserved(nodeFiles, out, plan, (model) => model);
  assert.deepEqual(observed.steps, [{ step: 'deduplicate', rowsIn: 5, kept: 4, uses: {} }]);
  assert.ok(isDone && runBytesPerRow! > 100 && observed.wallS > 0);
  const empty = temporaryFolder();
  await assert.rejects(
    readObserved(nodeFiles, empty, plan, (model) => model),
    {
      code: 'ERR_RUN_FOLDER',
      message: /it holds no run/,
    },
  );
});
