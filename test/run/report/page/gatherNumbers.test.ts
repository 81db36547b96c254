import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../../src/io/files/files.js';
import { readManifest } from '../../../../src/io/runFolder/manifest.js';
import { thresholdsOf } from '../../../../src/run/report/page/controls.js';
import { gatherNumbers } from '../../../../src/run/report/page/gatherNumbers.js';
import { planToRun } from '../../../../src/run/plan/planPipeline.js';
import { reportedRun, scoredRows } from '../../../helpers/runs/reportedRun.js';
import { systemWorld } from '../../../../src/run/systemWorld.js';

test('numbers of kept rows come exactly from their columns, those of dropped rows rounded from the messages', async () => {
  const { run, file } = await reportedRun(scoredRows(120));
  const plan = await planToRun(file, {}, systemWorld());
  const thresholds = thresholdsOf(plan);
  const { commits } = await readManifest(nodeFiles, join(run, 'manifest.jsonl'));
  const columns = plan.columns.filter(({ type }) => type === 'float64');
  const lists = plan.columns.filter(({ name }) => name === 'rewards');
  const numbers = await gatherNumbers(nodeFiles, {
    folder: run,
    commits,
    hasSeq: true,
    thresholds,
    columns,
    lists,
  });
  const min = thresholds.findIndex(({ option }) => option === 'min');
  const source = new Set(scoredRows(120).map(({ difficulty }) => difficulty));
  const kept = numbers.fates.filter((fate) => fate === 0).length;
  assert.ok(kept > 20 && numbers.fates.length > kept + 20);
  numbers.fates.forEach((fate, row) => {
    const value = numbers.ofThresholds[min]![row]!;
    if (fate === 0) assert.ok(source.has(value) && numbers.halves[min]![row] === 0);
    else if (fate === min + 1) assert.ok(value < 0.2 && numbers.halves[min]![row] === 0.00005);
    // The other option of the step looks at the same number.
    else if (thresholds[fate - 1]!.option === 'max') assert.ok(value > 0.9);
    else assert.ok(Number.isNaN(value));
  });
  assert.equal(numbers.ofLists[0]!.length, 3 * kept);
});
