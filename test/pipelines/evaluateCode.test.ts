import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { PIPELINES_FOLDER, checkDeps, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { lacksSandbox, openSandbox } from '../helpers/sandbox.js';
import { scriptedModel } from '../helpers/scriptedModel.js';

/** A student that knows one of two problems, and is right about it three times of four. */

const PROBLEMS = [
  { question: 'Write `twice(n)`.', tests: ['assert twice(2) == 4', 'assert twice(-1) == -2'] },
  { question: 'Write `half(n)`.', tests: ['assert half(4) == 2'] },
];

const PROGRAMS = ['return 2 * n', 'return n + n', 'return n ** 2', 'return n << 1'];

const student = scriptedModel(
  {
    complete: ({ n }) =>
      Array.from(
        { length: n },
        (_, at) => `Like so:\n\`\`\`python\ndef twice(n): ${PROGRAMS[at % 4]}\n\`\`\``,
      ),
  },
  'student',
);

test('evaluate-code.yaml: programs are run, those that pass all tests are correct, and the best is kept', async (t) => {
  const lack = await lacksSandbox();
  if (lack) return t.skip(lack);
  const path = join(temporaryFolder(), 'problems.jsonl');
  writeFileSync(path, PROBLEMS.map((problem) => `${JSON.stringify(problem)}\n`).join(''));
  const plan = await checkFile(
    join(PIPELINES_FOLDER, 'evaluate-code.yaml'),
    checkDeps(undefined, { env: { PROBLEMS: path } }),
  );
  const sandbox = await openSandbox();
  try {
    const { totals, batches } = await runInMemory(plan, { student, sandbox });
    const read = (name: string): unknown[] => batches.flatMap((batch) => columnValues(batch, name));
    const [twice, half] = read('testShares') as [number[], number[]];
    assert.deepEqual([twice, half], [[1, 1, 0.5, 1, 1, 1, 0.5, 1], Array(8).fill(0)]);
    assert.match((read('response') as string[])[0]!, /2 \* n/);
    // What measureAccuracy counts.
    assert.deepEqual(read('corrects'), [twice.map((share) => share === 1), Array(8).fill(false)]);
    assert.equal(totals.kept, 2);
  } finally {
    await sandbox.close();
  }
});
