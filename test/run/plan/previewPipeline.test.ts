import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { previewPipeline } from '../../../src/index.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

test('a preview tells what each step did to the first rows, and makes no folder', async () => {
  const { file, out } = smallPipeline();
  const { traces, steps } = await previewPipeline(file, { rows: 2 });
  assert.deepEqual(steps, ['deduplicate']);
  assert.deepEqual(
    traces.map(({ effects }) => effects.map(({ kind }) => kind)),
    [['kept'], ['dropped']],
  );
  assert.equal(existsSync(out), false);
});
