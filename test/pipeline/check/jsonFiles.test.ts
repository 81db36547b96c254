import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATE, testsOf, withSteps } from '../../helpers/texts/checkCases.js';
import { checkText } from '../../helpers/runs/pipelineWorld.js';

const ASK = "model: tiny, prompt: '{{ question }}'";

for (const [name, check] of testsOf([
  [
    'a file that holds no schema',
    withSteps(GENERATE, `prompt: { ${ASK}, json: nowhere.json }`),
    ['ERR_PIPELINE_INVALID', '6:60', 'steps.1.prompt.json', /nowhere\.json holds no JSON/],
  ],
  [
    'a schema that is none',
    withSteps(GENERATE, `prompt: { ${ASK}, json: { type: array } }`),
    ['ERR_PIPELINE_INVALID', '6:60', 'steps.1.prompt.json', /expected `type: object` with `properties`/],
  ],
  [
    'a field that no column can hold',
    withSteps(GENERATE, `prompt: { ${ASK}, json: { type: object, properties: { a: { type: object } } } }`),
    [
      'ERR_PIPELINE_INVALID',
      '6:93',
      'steps.1.prompt.json.properties.a',
      /expected `type: object` with `properties`/,
    ],
  ],
  [
    'a field that clashes with a column',
    withSteps(
      GENERATE,
      `prompt: { ${ASK}, json: { type: object, properties: { question: { type: string } } } }`,
    ),
    [
      'ERR_PIPELINE_COLUMN',
      '6:100',
      'steps.1.prompt.json.properties.question',
      /over the column of that name/,
    ],
  ],
])) {
  test(name, check);
}

test('the contents of the file stand in its place, and decide the identity', async () => {
  const text = withSteps(GENERATE, `prompt: { ${ASK}, json: reply.json }`);
  const schema = (type: string): string =>
    JSON.stringify({ type: 'object', properties: { answer: { type } }, required: ['answer'] });
  const planWith = (type: string) =>
    checkText(text, [], { readText: (path) => (path.endsWith('reply.json') ? schema(type) : text) });
  const [plan, other] = [await planWith('string'), await planWith('number')];
  assert.deepEqual(plan.columns.at(-1), {
    name: 'answer',
    type: 'string',
    nullable: false,
    help: 'The field answer of the reply.',
  });
  assert.notEqual(plan.identity, other.identity);
});
