import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewriteSpec } from '../../src/operators/rewrite.js';
import { wrapQuestion, wrapQuestionSpec } from '../../src/operators/wrapQuestion.js';
import { TRAINING_TASKS } from '../../src/train/tasks.js';
import { problemsOf } from '../helpers/runs/pipelineWorld.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';

/** As ScaleQuest's repository trains its two generators (arXiv 2410.18693, section 2.1). */
const TEXTS: [template: string, text: string][] = [
  [
    'qwen2-math',
    '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>',
  ],
  ['deepseek-math', 'User: Why?\n\n<｜end▁of▁sentence｜>'],
];

for (const [template, text] of TEXTS) {
  test(`${template}: opening, question without the space around it, end`, async () => {
    const output = await runOperator(wrapQuestion({ template }, contextOf()), questionsInput([' Why?\n']));
    assert.equal(output.rows[0]!['text'], text);
  });
}

test('a question that a trainer would cut is dropped', async () => {
  const output = await runOperator(
    wrapQuestion({ charsMax: 4 }, contextOf()),
    questionsInput(['Why?', 'Why not?']),
  );
  assert.deepEqual(lostTexts(output), ['1 dropped tooLong']);
});

test('what is kept fits what training takes, at three characters a token: questions, and pairs of them', async () => {
  const longest = wrapQuestionSpec.options.parse({}).charsMax;
  const output = await runOperator(
    wrapQuestion({}, contextOf()),
    questionsInput(['x'.repeat(longest), 'x'.repeat(longest + 1)]),
  );
  assert.deepEqual(lostTexts(output), ['1 dropped tooLong']);
  // Opening and end: 14 and 1 for qwen2-math, and one that TRL may add.
  const fits = (charsMax: number, tokensMax: number): boolean => charsMax / 3 + 16 <= tokensMax;
  assert.ok(fits(longest, TRAINING_TASKS.qft.args.max_length));
  assert.ok(fits(rewriteSpec.options.parse({ model: 'm' }).charsMax, TRAINING_TASKS.qpo.args.max_length));
});

test('a template that there is not is found at check, where it stands', async () => {
  const [problem] = await problemsOf(`name: qft
limit: 1
source: { jsonl: { path: questions.jsonl } }
steps:
  - wrapQuestion: { template: qwen3-maths }
`);
  assert.equal(problem!.code, 'ERR_PIPELINE_INVALID');
  assert.match(problem!.message, /test\.yaml:5:31 steps\.0\.wrapQuestion\.template: .*expected qwen2-math/);
});
