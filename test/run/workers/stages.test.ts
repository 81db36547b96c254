import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATOR_CASES } from '../../helpers/operatorCases.js';
import { OPERATORS } from '../../helpers/operators.js';
import { checkText } from '../../helpers/runs/pipelineWorld.js';
import { batchesOf, contextOf, outputOf } from '../../helpers/runs/runOperator.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';
import { MIXED_SCRIPT, specOf } from '../../helpers/operatorCases.js';
import { columnsNeeded, stagesOf } from '../../../src/run/workers/stages.js';
import { of } from 'rxjs';

const STEPS = [
  '  - generate: { generators: [{ model: m }] }',
  '  - deduplicate: {}',
  '  - filterLanguage: {}',
  '  - scoreDifficulty: { model: m }',
  '  - sampleDifficulty: {}',
  '  - respond: { model: m }',
  '  - unnest: { texts: { responses: response } }',
  '  - deduplicate: {}',
  '    label: again',
  '  - wrapQuestion: {}',
];

function planOf(steps: readonly string[]) {
  const text = [
    'name: p',
    'models: { m: { openai: { model: x, replicas: [http://127.0.0.1:1/v1] }, template: qwen2-math } }',
    'limit: 10',
    'steps:',
    ...steps,
    '',
  ];
  return checkText(text.join('\n'));
}

test('stages are the longest runs of row-wise steps, where one of them asks a model', async () => {
  const { steps } = await planOf(STEPS);
  assert.deepEqual(stagesOf(steps), [
    { first: 0, end: 1 },
    { first: 2, end: 7 },
  ]);
  assert.deepEqual(stagesOf([]), []);
});

test('a unit has the columns that the prompts of its steps use', async () => {
  const prompt = "'{{ question }} {{ difficulty }}'";
  const { steps } = await planOf([
    '  - generate: { generators: [{ model: m }] }',
    '  - deduplicate: {}',
    '  - scoreDifficulty: { model: m }',
    '  - deduplicate: {}',
    '    label: again',
    `  - respond: { model: m, prompt: ${prompt} }`,
  ]);
  const columns = ['seq', 'question', 'difficulty', 'other'];
  assert.deepEqual(columnsNeeded(steps, { first: 4, end: 5 }, columns), ['seq', 'question', 'difficulty']);
});

test('a unit has the columns that its steps look at; the first one has those of the source', async () => {
  const { steps } = await planOf(STEPS);
  const columns = ['seq', 'other', 'question', 'difficulty'];
  assert.deepEqual(columnsNeeded(steps, { first: 0, end: 1 }, columns), columns);
  assert.deepEqual(columnsNeeded(steps, { first: 2, end: 7 }, columns), ['seq', 'question', 'difficulty']);
  assert.deepEqual(columnsNeeded(steps, { first: 5, end: 7 }, columns), ['seq', 'question']);
});

for (const { name, isRowwise } of OPERATORS) {
  if (!isRowwise) continue;
  test(`${name} is row-wise: an operator of its own for each row decides as one for all rows`, async () => {
    const { options, context, input } = OPERATOR_CASES[name]!;
    const { operator } = await specOf(name);
    const models = [scriptedModel(MIXED_SCRIPT, 'tiny'), scriptedModel(MIXED_SCRIPT, 'other')];
    const run = (batches: ReturnType<typeof batchesOf>) =>
      outputOf(of(...batches).pipe(operator(options, contextOf(models, context))));
    const whole = await run(batchesOf(input, input.rows.length));
    const alone = await Promise.all(batchesOf(input, 1).map((batch) => run([batch])));
    assert.deepEqual(
      alone.flatMap(({ rows }) => rows),
      whole.rows,
    );
    assert.deepEqual(
      alone.flatMap(({ lost }) => lost),
      whole.lost,
    );
    assert.deepEqual(whole.deltas, []);
  });
}

test('no step with state is said to be row-wise', () => {
  const withState = ['deduplicate', 'decontaminate', 'calibrateDifficulty', 'measureAccuracy', 'custom'];
  const rowwise = OPERATORS.filter((spec) => spec.isRowwise).map(({ name }) => name);
  assert.deepEqual(
    OPERATORS.map(({ name }) => name)
      .filter((name) => !rowwise.includes(name))
      .sort(),
    withState.sort(),
  );
});
