import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { overridesOf } from '../helpers/runs/pipelineWorld.js';
import { PIPELINES_FOLDER, checkDeps, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { lacksSandbox, openSandbox } from '../helpers/sandbox.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

/** A solver whose best program the reward does not like, and whose tests for one question are no tests. */

const SUMS = ['a - b', 'a + b', 'a * b', 'a + b + 0', '0'];

const generator = scriptedModel({
  complete: ({ seq }) => [
    `Read two numbers a and b on a line, and print a + b. Exercise ${'x'.repeat(seq)}.`,
  ],
});

const solver = scriptedModel({
  complete: (request) => {
    const text = messageText(request);
    if (text.includes('Sketch a solution')) return ['It can be done. Yes'];
    if (text.includes('"inputs"'))
      return [request.seq === 1 ? 'None.' : '{"inputs": ["1 2", "0 0", "-3 5"], "outputs": ["3", "0", "2"]}'];
    return SUMS.map((sum) => `\`\`\`python\na, b = map(int, input().split())\nprint(${sum})\n\`\`\``);
  },
});

/** The first program has the highest reward, and the fourth a higher one than the second, which passes as many tests. */
const reward = scriptedModel({ score: ({ items }) => items.map((_, at) => [9, 1, 5, 2, 0][at]!) });

test('scalequest-code.yaml: the program that passes most tests is kept, and among equals the better rewarded one', async (t) => {
  const lack = await lacksSandbox();
  if (lack) return t.skip(lack);
  const path = join(PIPELINES_FOLDER, 'scalequest-code.yaml');
  const plan = await checkFile(
    path,
    checkDeps(),
    overridesOf('limit=3', 'target=2', 'steps.deduplicate.enabled=false'),
  );
  const sandbox = await openSandbox();
  const models = { qwenGenerator: generator, deepseekGenerator: generator, solver, reward, sandbox };
  try {
    const { totals, batches } = await runInMemory(plan, models);
    const read = (name: string): unknown[] => batches.flatMap((batch) => columnValues(batch, name));
    const shares = [1 / 3, 1, 1 / 3, 1, 1 / 3];
    assert.deepEqual(read('testShares'), [shares, shares]);
    for (const response of read('response') as string[]) assert.match(response, /a \+ b \+ 0/);
    assert.equal(totals.counts['writeTests rejected ROW_JSON'], 1);
  } finally {
    await sandbox.close();
  }
});
