import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATE, testsOf, withModels, withSteps, withTop } from '../../helpers/texts/checkCases.js';
import { QUICKSTART, checkText, problemsOf } from '../../helpers/runs/pipelineWorld.js';

for (const [name, check] of testsOf([
  [
    'unknown option',
    withSteps('generate: { generators: [{ model: tiny }], temprature: 1 }'),
    [
      'ERR_PIPELINE_INVALID',
      '5:48',
      'steps.0.generate.temprature',
      /unknown key; did you mean "temperature"\?/,
    ],
  ],
  [
    'unknown nested option',
    withSteps('generate: { generators: [{ model: tiny, wieght: 2 }] }'),
    ['ERR_PIPELINE_INVALID', '5:45', 'steps.0.generate.generators.0.wieght', /did you mean "weight"\?/],
  ],
  [
    'unknown key at the top',
    withTop('name: broken', 'limits: 8', 'limit: 8'),
    ['ERR_PIPELINE_INVALID', '2:1', 'limits', /unknown key; did you mean "limit"\?/],
  ],
  [
    'wrong type',
    withSteps('generate: { generators: [{ model: tiny }], tokensMax: many }'),
    ['ERR_PIPELINE_INVALID', '5:59', 'steps.0.generate.tokensMax', /found "many", expected a number/],
  ],
  [
    'a map for a list',
    withSteps('generate: { generators: { model: tiny } }'),
    [
      'ERR_PIPELINE_INVALID',
      '5:29',
      'steps.0.generate.generators',
      /found \{"model":"tiny"\}, expected a list/,
    ],
  ],
  [
    'an option that is needed',
    withSteps('generate: {}'),
    ['ERR_PIPELINE_INVALID', '5:15', 'steps.0.generate.generators', /found nothing, expected a list/],
  ],
  [
    'out of range',
    withSteps('generate: { generators: [{ model: tiny }], topP: 1.5 }'),
    ['ERR_PIPELINE_INVALID', '5:54', 'steps.0.generate.topP', /found 1\.5, expected at most 1/],
  ],
  [
    'just out of range',
    withSteps('generate: { generators: [{ model: tiny }], topP: 0 }'),
    ['ERR_PIPELINE_INVALID', '5:54', 'steps.0.generate.topP', /found 0, expected more than 0/],
  ],
  [
    'an empty list',
    withSteps('generate: { generators: [] }'),
    ['ERR_PIPELINE_INVALID', '5:29', 'steps.0.generate.generators', /found \[\], expected at least 1 item/],
  ],
  [
    'a word that is none of the choices',
    withSteps(GENERATE, 'filterLanguage: { method: acsii }'),
    [
      'ERR_PIPELINE_INVALID',
      '6:31',
      'steps.1.filterLanguage.method',
      /found "acsii", did you mean "ascii"\?/,
    ],
  ],
  [
    'two options that contradict each other',
    withSteps(GENERATE, 'scoreDifficulty: { model: tiny }', 'sampleDifficulty: { min: 0.8, max: 0.2 }'),
    ['ERR_PIPELINE_INVALID', '7:30', 'steps.2.sampleDifficulty.min', /expected min to be at most max/],
  ],
  [
    'no steps',
    'name: broken\nlimit: 1\nsteps: []\n',
    ['ERR_PIPELINE_INVALID', '3:8', 'steps', /found \[\], expected at least 1 item/],
  ],
  [
    'a column called seq in the source',
    'name: broken\nsource: { jsonl: { path: rows.jsonl, columns: { seq: int32 } } }\nsteps: [{ custom: {} }]\n',
    [
      'ERR_PIPELINE_INVALID',
      '2:47',
      'source.jsonl.columns',
      /expected at least one column, and none called seq/,
    ],
    ['ERR_PIPELINE_INVALID', '3:19', 'steps.0.custom.path', /found nothing, expected a string/],
  ],
  [
    'a model of unknown kind',
    withModels('a:', '  llamaCcp: { path: ../models/tiny.gguf }'),
    ['ERR_PIPELINE_MODEL', '5:5', 'models.a.llamaCcp', /unknown kind of model; did you mean "llamaCpp"\?/],
    ['ERR_PIPELINE_COLUMN', '6:11', 'steps.0.deduplicate', /"question"/],
  ],
  [
    'a model without a kind',
    withModels('a: { template: qwen2-math }'),
    ['ERR_PIPELINE_MODEL', '4:6', 'models.a', /found no kind of model, expected one of: llamaCpp, openai/],
    ['ERR_PIPELINE_COLUMN', '5:11', 'steps.0.deduplicate', /"question"/],
  ],
  [
    'a model file that is missing',
    withSteps(GENERATE).replace('tiny.gguf', 'tyni.gguf'),
    [
      'ERR_MODEL_LOAD',
      '3:37',
      'models.tiny.llamaCpp.path',
      /found no file .*models.tyni\.gguf; expected a path relative/,
    ],
  ],
  [
    'not YAML',
    'name: broken\nsteps: [1, 2\nlimit: 3\n',
    ['ERR_PIPELINE_SYNTAX', '3:1', undefined, /Flow sequence .* must be .*; expected valid YAML$/],
  ],
  [
    'a key twice',
    withTop('name: broken', 'limit: 8', 'limit: 9'),
    ['ERR_PIPELINE_SYNTAX', '3:1', 'limit', /this key stands twice in one map, expected once/],
  ],
  [
    'an environment variable that is not set',
    withTop('name: broken', 'limit: 8', 'summary: by ${WRITER}'),
    ['ERR_PIPELINE_INVALID', '3:10', undefined, /variable WRITER is not set; .*\$\{WRITER:-value\}/],
  ],
  [
    'a file that is a list',
    '- 1\n- 2\n',
    ['ERR_PIPELINE_INVALID', '1:1', undefined, /found \[1,2\], expected a map of keys/],
  ],
  [
    'an empty file',
    '',
    ['ERR_PIPELINE_INVALID', '1:1', undefined, /found nothing, expected a map of keys, as `name: my-set`/],
  ],
]))
  test(name, check);

test('several mistakes are reported at once, each at its own place', async () => {
  const text = [
    'name: Broken',
    'limit: 8',
    'models:',
    '  tiny: { llamaCpp: { path: ../models/tiny.gguf, sequences: 0 } }',
    'steps:',
    '  - generate: { generators: [{ model: tiny }], topP: 2 }',
    '  - dedup: {}',
    '  - respond: { model: tyni, n: 0 }',
    '',
  ].join('\n');
  const problems = await problemsOf(text);
  assert.deepEqual(
    problems.map(({ at }) => `${at!.line}:${at!.column} ${at!.key}`),
    [
      '1:7 name',
      '4:61 models.tiny.llamaCpp.sequences',
      '6:54 steps.0.generate.topP',
      '7:5 steps.1.dedup',
      '8:32 steps.2.respond.n',
    ],
  );
});

test('a model with a mistake is not reported as missing too', async () => {
  const problems = await problemsOf(withSteps(GENERATE).replace('gguf }', 'gguf, gpus: 2 }'));
  assert.deepEqual(
    problems.map(({ at }) => at!.key),
    ['models.tiny.llamaCpp.gpus'],
  );
});

test('files need neither target nor limit', async () => {
  const text = 'name: sound\nsource: { jsonl: { path: rows.jsonl } }\nsteps: [{ deduplicate: {} }]\n';
  const plan = await checkText(text);
  assert.deepEqual(
    plan.columns.map(({ name }) => name),
    ['seq', 'question'],
  );
});

test('the quickstart has no mistake, and its columns are those of its steps', async () => {
  const { readTextFile } = await import('../../../src/io/files/textFile.js');
  const plan = await checkText(readTextFile(QUICKSTART));
  assert.deepEqual(
    plan.columns.map(({ name }) => name),
    ['seq', 'question', 'generator', 'verdict', 'difficulty', 'responses', 'rewards', 'response', 'reward'],
  );
  assert.equal(plan.settings.source.batchRows, 32);
});

test('a step that is switched off is checked, and else not there', async () => {
  const file = (enabled: string): string => `name: small
limit: 4
models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }
steps:
  - generate: { generators: [{ model: tiny }] }
  - { deduplicate: {}, enabled: ${enabled} }
`;
  const labels = async (enabled: string): Promise<string[]> =>
    (await checkText(file(enabled))).steps.map(({ label }) => label);
  assert.deepEqual(await labels('true'), ['generate', 'deduplicate']);
  assert.deepEqual(await labels('false'), ['generate']);
  const [problem] = await problemsOf(file('perhaps'));
  assert.match(problem!.message, /6:33 steps\.1\.enabled: found "perhaps", expected a boolean/);
});
