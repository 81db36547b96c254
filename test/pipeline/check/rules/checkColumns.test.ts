import assert from 'node:assert/strict';
import { test } from 'node:test';
import { omittedText, printPlan } from '../../../../src/pipeline/printPlan.js';
import { GENERATE, testsOf, withSteps } from '../../../helpers/texts/checkCases.js';
import { checkText, problemsOf } from '../../../helpers/runs/pipelineWorld.js';

for (const [name, check] of testsOf([
  [
    'a column that no step writes',
    withSteps(GENERATE, 'keepBest: {}'),
    [
      'ERR_PIPELINE_COLUMN',
      '6:5',
      'steps.1.keepBest',
      /reads the column "responses", .*; add a step .* `respond`$/,
    ],
    [
      'ERR_PIPELINE_COLUMN',
      '6:5',
      'steps.1.keepBest',
      /reads the column "rewards", .* such as `scoreReward`$/,
    ],
  ],
  [
    'steps in the wrong order',
    withSteps(
      GENERATE,
      'sampleDifficulty: { min: 0.1 }',
      '{ scoreDifficulty: { model: tiny }, label: hard }',
    ),
    [
      'ERR_PIPELINE_COLUMN',
      '6:5',
      'steps.1.sampleDifficulty',
      /"difficulty", which no step before it writes; move `hard` before/,
    ],
  ],
  [
    'a column of another type',
    [
      'name: broken',
      'source: { jsonl: { path: rows.jsonl, columns: { question: int32 } } }',
      'steps:',
      '  - deduplicate: {}',
      '',
    ].join('\n'),
    [
      'ERR_PIPELINE_COLUMN',
      '4:5',
      'steps.0.deduplicate',
      /reads the column "question" as string, found int32/,
    ],
  ],
  [
    'an output column that no step writes',
    `${withSteps(GENERATE)}output:\n  columns: [question, genrator]\n`,
    [
      'ERR_PIPELINE_COLUMN',
      '7:23',
      'output.columns.1',
      /no step writes the column "genrator"; did you mean "generator"\?/,
    ],
  ],
]))
  test(name, check);

test('a step with a mistake still writes its columns, and those after it keep their places', async () => {
  const problems = await problemsOf(
    withSteps('generate: { generators: [{ model: tiny }], topP: 2 }', 'deduplicate: {}', 'keepBest: {}'),
  );
  assert.deepEqual(
    problems.map(({ at }) => `${at!.line} ${at!.key}`),
    ['5 steps.0.generate.topP', '7 steps.2.keepBest', '7 steps.2.keepBest'],
  );
});

test('after a step of which nothing is known no column is called missing', async () => {
  const problems = await problemsOf(
    `${withSteps(GENERATE, 'scor: {}', 'keepBest: {}')}output: { columns: [magic] }\n`,
  );
  assert.deepEqual(
    problems.map(({ at }) => at!.key),
    ['steps.1.scor'],
  );
});

test('output.columns chooses and orders', async () => {
  const plan = await checkText(`${withSteps(GENERATE)}output: { columns: [generator, seq] }\n`);
  assert.deepEqual(
    plan.columns.map(({ name }) => name),
    ['generator', 'seq'],
  );
});

/** Scored responses, the best kept, written and exported; what stands in braces is put into the step. */
function scored({
  off = '',
  best = '{}',
  train = '',
}: {
  off?: string;
  best?: string;
  train?: string;
}): string {
  const steps = ['respond: { model: tiny }', 'scoreReward: { model: tiny }', `keepBest: ${best}`].map(
    (step) => (off !== '' && step.startsWith(off) ? `{ ${step}, enabled: false }` : step),
  );
  return [
    withSteps(GENERATE, ...steps).trimEnd(),
    'output: { columns: [question, response, reward, responses, rewards] }',
    'exports: { chat: { format: messages }, pairs: { format: preference } }',
    `${train}\n`,
  ].join('\n');
}

test('without a step that is switched off, what it writes is left out, and an optional reader does without', async () => {
  const whole = await checkText(scored({}));
  assert.deepEqual(whole.omitted, { columns: [], exports: {} });
  assert.equal(omittedText(whole), null);
  const unscored = await checkText(scored({ off: 'scoreReward' }));
  assert.deepEqual(unscored.omitted, { columns: ['rewards'], exports: { pairs: 'rewards' } });
  assert.deepEqual(
    unscored.columns.map(({ name }) => name),
    ['question', 'response', 'reward', 'responses'],
  );
  assert.deepEqual(Object.keys(unscored.settings.exports), ['chat']);
  assert.match(
    printPlan(unscored),
    /left out.*: the column rewards, the export pairs \(it reads rewards\)$/m,
  );
});

for (const [why, text, message] of [
  [
    'a bound on rewards that nobody gives',
    scored({ off: 'scoreReward', best: '{ rewardMin: 0.5 }' }),
    /steps\.3\.keepBest: keepBest reads the column "rewards".*`scoreReward` is switched off: switch it on, or this step off/,
  ],
  [
    'rewards that no step of the file would give',
    scored({}).replace(/.*scoreReward.*\n/, ''),
    /keepBest reads the column "rewards".*add a step that writes it, such as `scoreReward`/,
  ],
  [
    'a training on an export that is left out',
    scored({ off: 'keepBest', train: 'train: [{ command: [x, "{{ data }}"], export: chat }]' }),
    /train\.0\.export: the export chat reads response, and the step that writes it is switched off/,
  ],
  [
    'a bound on the mean of rewards that nobody gives',
    scored({ off: 'scoreReward', train: 'train: [{ command: [x], when: { rewardMeanMin: 0.5 } }]' }),
    /train\.0\.when\.rewardMeanMin: the set has no column `reward` of numbers/,
  ],
] as const) {
  test(`a mistake with a step that is switched off: ${why}`, async () => {
    const problems = await problemsOf(text);
    assert.match(problems[0]!.message, message);
  });
}

test('programs are chosen and measured without rewards and classes of answers; a threshold needs rewards', async () => {
  const fileWith = (keepBest: string): string =>
    [
      'name: programs',
      'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } }, box: { bubblewrap: {} } }',
      'source: { jsonl: { path: benchmarks/programs.jsonl, columns: { question: string, tests: list<string> } } }',
      'steps:',
      '  - respond: { model: tiny }',
      '  - runTests: { sandbox: box }',
      `  - keepBest: ${keepBest}`,
      '  - measureAccuracy: {}',
      '',
    ].join('\n');
  const plan = await checkText(fileWith('{ by: testShares }'));
  assert.ok(plan.columns.some(({ name }) => name === 'testShares'));
  for (const keepBest of ['{}', '{ by: testShares, rewardMin: 0 }', '{ by: rewards }']) {
    const [problem] = await problemsOf(fileWith(keepBest));
    assert.match(problem!.message, /keepBest reads the column "rewards", which no step before it writes/);
  }
});
