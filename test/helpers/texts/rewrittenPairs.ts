import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { solve } from '../../../models/solver.js';
import { columnValues } from '../../../src/arrow/read.js';
import type { Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { checkFile } from '../../../src/pipeline/check/check.js';
import { PIPELINES_FOLDER, checkDeps, openTiny, overridesOf, runInMemory } from '../runs/pipelineWorld.js';

/** Question preference optimisation on the bundled generator and the bundled rewriter, through the real engine. */

const END = '<|im_end|>';

let generator: Model;
let rewriter: Model;

before(async () => {
  generator = await openTiny({ processes: 1 });
  const llamaCpp = { path: '../models/rewriter.gguf', processes: 1 };
  rewriter = await openModel('rewriter', { llamaCpp }, { env: {}, folder: PIPELINES_FOLDER });
});

after(async () => {
  await generator.close();
  await rewriter.close();
});

function modelText(file: string): string {
  return `{ llamaCpp: { path: ../models/${file}, contextTokens: 512 }, template: qwen2-math }`;
}

/** Each of so many pairs: direction, and whether the exact solver finds the two questions sound. */
export async function rewrittenPairs(pairs: number, ...overrides: string[]) {
  const plan = await checkFile(
    join(PIPELINES_FOLDER, 'qpo.yaml'),
    checkDeps(),
    overridesOf(
      `models.generator=${modelText('tiny.gguf')}`,
      `models.rewriter=${modelText('rewriter.gguf')}`,
      `target=${pairs}`,
      `source.windowRows=${2 * pairs}`,
      'source.batchRows=8',
      'steps.generate.tokensMax=128',
      'steps.rewrite.tokensMax=256',
      'steps.rewrite.prompts.solvability=prompts/rewriteSolvabilityShort.txt',
      'steps.rewrite.prompts.difficulty=prompts/rewriteDifficultyShort.txt',
      ...overrides,
    ),
  );
  const { batches } = await runInMemory(plan, {
    generator: { ...generator, name: 'generator' },
    rewriter: { ...rewriter, name: 'rewriter' },
  });
  const rows = batches.flatMap((batch) => {
    const read = (name: string) => columnValues(batch, name) as string[];
    const [chosen, rejected, direction] = [read('chosen'), read('rejected'), read('direction')];
    return chosen.map((text, row) => ({
      chosen: text,
      rejected: rejected[row]!,
      direction: direction[row]!,
    }));
  });
  assert.equal(rows.length, pairs);
  for (const { chosen, rejected } of rows) assert.ok(chosen.endsWith(END) && rejected.endsWith(END));
  const isSound = (text: string) => solve(text.slice(0, -END.length)).kind === 'sound';
  return rows.map(({ chosen, rejected, direction }) => ({
    direction,
    isChosenSound: isSound(chosen),
    isRejectedSound: isSound(rejected),
  }));
}
