import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOfName } from '../../../src/pipeline/check/promptColumns.js';
import { printPlan } from '../../../src/pipeline/printPlan.js';
import { GENERATE, testsOf, withSteps } from '../../helpers/texts/checkCases.js';
import { checkText } from '../../helpers/runs/pipelineWorld.js';

const UNWRITTEN =
  /line 1 of the prompt uses \{\{ qestion \}\}, a column that no step before respond writes; did you mean "question"\?; the columns are: seq, /;

for (const [name, check] of testsOf([
  [
    'a prompt with a column that no step writes, and the nearest name',
    withSteps(GENERATE, "respond: { model: tiny, prompt: 'Solve: {{ qestion }}' }"),
    ['ERR_PIPELINE_COLUMN', '6:37', 'steps.1.respond.prompt', UNWRITTEN],
  ],
  [
    'a prompt with a column that a later step writes',
    withSteps(
      GENERATE,
      "respond: { model: tiny, prompt: '{{ question }} Level {{ difficulty }}' }",
      'scoreDifficulty: { model: tiny }',
    ),
    [
      'ERR_PIPELINE_COLUMN',
      '6:37',
      'steps.1.respond.prompt',
      /\{\{ difficulty \}\}.*move `scoreDifficulty` before it/,
    ],
  ],
  [
    'a prompt for one of several directions',
    withSteps(GENERATE, "rewrite: { model: tiny, prompts: { difficulty: '{{ level }}' } }"),
    [
      'ERR_PIPELINE_COLUMN',
      '6:52',
      'steps.1.rewrite.prompts.difficulty',
      /\{\{ level \}\}, a column that no step/,
    ],
  ],
  [
    'a text that is no template, told once',
    withSteps(GENERATE, "respond: { model: tiny, prompt: '{{ question' }"),
    ['ERR_PIPELINE_INVALID', '6:37', 'steps.1.respond.prompt', /the prompt is not a Jinja template/],
  ],
])) {
  test(name, check);
}

test('the columns of a prompt are columns that the step reads; a prompt file is read for them too', async () => {
  const steps = [GENERATE, 'scoreDifficulty: { model: tiny }'];
  const inline = "respond: { model: tiny, prompt: '{{ question }} ({{ difficulty }}, {{ seq }})' }";
  const plan = await checkText(withSteps(...steps, inline));
  assert.deepEqual(plan.steps[2]!.uses, ['question', 'difficulty', 'seq']);
  assert.match(printPlan(plan), /respond: .*\n\s+reads {2}question, difficulty, seq\n/);
  const prompt = (_: string, path?: string): string =>
    `{{ question }}${path === undefined ? '' : '{{ generator }}'}`;
  const fromFile = await checkText(withSteps(GENERATE, 'respond: { model: tiny, prompt: mine.txt }'), [], {
    prompt,
  });
  assert.deepEqual(fromFile.steps[1]!.uses, ['question', 'generator']);
});

test('the line of a name is where an expression has it', () => {
  const text = 'topic: a word\nx.topic {{ other }}\n{% if topic %}\n{{ topic }}';
  assert.equal(lineOfName(text, 'topic'), 3);
  assert.equal(lineOfName('{{ a ~\n b }}', 'b'), 2);
});
