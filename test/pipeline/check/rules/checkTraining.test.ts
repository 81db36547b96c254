import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ErrorCode } from '../../../../src/errors.js';
import { printPlan } from '../../../../src/pipeline/printPlan.js';
import { checkText, problemsOf } from '../../../helpers/runs/pipelineWorld.js';

const HEAD = [
  'name: broken',
  'source: { jsonl: { path: x.jsonl, columns: { question: string, text: string, prompt: string, chosen: string, rejected: string } } }',
  'steps: [{ deduplicate: { similarityMin: null } }]',
  'exports: { chat: { format: messages, response: text }, pairs: { format: promptCompletion, response: text } }',
];

/** Trainings begin in line 6. */
function withTraining(columns: string, ...trainings: string[]): string {
  return [
    ...HEAD.slice(0, 3),
    `output: { columns: [question, ${columns}] }`,
    'train:',
    ...trainings.map((text) => `  - ${text}`),
    HEAD[3],
    '',
  ].join('\n');
}

const model = mkdtempSync(join(tmpdir(), 'scalequest-model-'));
writeFileSync(join(model, 'config.json'), '{}');

type Found = [code: ErrorCode, place: string, key: string, message: RegExp];

const CASES: [why: string, text: string, ...found: Found[]][] = [
  [
    'no column that the task reads',
    withTraining('text', 'trl: { task: dpo, model: hub/name }'),
    [
      'ERR_PIPELINE_COLUMN',
      '6:18',
      'train.0.trl.task',
      /dpo reads the columns prompt, chosen, rejected; found question, text\. Write them in a step, or train on one of `exports`/,
    ],
  ],
  [
    'columns that TRL reads in two ways',
    withTraining('text, prompt', 'trl: { task: qft, model: hub/name }'),
    [
      'ERR_PIPELINE_COLUMN',
      '6:18',
      'train.0.trl.task',
      /found text, prompt, which can be read in two ways\. Leave some out/,
    ],
  ],
  [
    'an export that is of another form',
    withTraining(
      'text',
      'trl: { task: qpo, model: hub/name }',
      'export: chat\n    trl: { task: dpo, model: hub/name }\n    label: b',
    ),
    ['ERR_PIPELINE_COLUMN', '6:18', 'train.0.trl.task', /qpo reads/],
    ['ERR_PIPELINE_COLUMN', '8:18', 'train.1.trl.task', /found messages/],
  ],
  [
    'an export that is not there',
    withTraining('text', 'export: chta\n    command: [x]'),
    ['ERR_PIPELINE_INVALID', '6:13', 'train.0.export', /no export is called "chta"; did you mean "chat"\?/],
  ],
  [
    'a model folder that is not there',
    withTraining('text', 'trl: { task: sft, model: ./nothing }'),
    [
      'ERR_PIPELINE_INVALID',
      '6:30',
      'train.0.trl.model',
      /found no config\.json in .*pipelines\/nothing, expected a model/,
    ],
  ],
  [
    'two trainings of one name',
    withTraining('text', 'command: [a/x]', 'command: [x, 1.sh]'),
    ['ERR_PIPELINE_INVALID', '7:5', 'train.1', /a training before it is called "x" too/],
  ],
  [
    'an environment variable that is not set',
    withTraining('text', 'command: [x]\n    env: [HF_TOKEN]'),
    ['ERR_PIPELINE_INVALID', '7:10', 'train.0.env', /the environment variable HF_TOKEN is not set/],
  ],
  [
    'conditions that nothing can meet',
    withTraining(
      'text',
      'command: [x]\n    when: { rewardMeanMin: 0.5, figuresMin: { decontaminate.x: 1 } }',
    ),
    ['ERR_PIPELINE_COLUMN', '7:28', 'train.0.when.rewardMeanMin', /the set has no column `reward`/],
    [
      'ERR_PIPELINE_INVALID',
      '7:64',
      'train.0.when.figuresMin.decontaminate.x',
      /no step has the figure "decontaminate\.x"/,
    ],
  ],
  [
    'values of the schema',
    withTraining(
      'text',
      'command: [x, "{{ ouput }}"]',
      'trl: { task: sftt, model: m }',
      'trl: { task: sft, model: m, arg: {} }',
    ),
    [
      'ERR_PIPELINE_INVALID',
      '6:18',
      'train.0.command.1',
      /found "\{\{ ouput \}\}", expected one of .*\{\{ output \}\}/,
    ],
    ['ERR_PIPELINE_INVALID', '7:18', 'train.1.trl.task', /did you mean "sft"\?/],
    ['ERR_PIPELINE_INVALID', '8:33', 'train.2.trl.arg', /unknown key; did you mean "args"\?/],
  ],
];

for (const [why, text, ...expected] of CASES) {
  test(`${why}: ${expected.map(([code, place]) => `${code} at ${place}`).join(', ')}`, async () => {
    const problems = await problemsOf(text);
    assert.deepEqual(
      problems.map(({ code, at }) => [code, `${at?.line}:${at?.column}`, at?.key]),
      expected.map(([code, place, key]) => [code, place, key]),
      problems.map(({ message }) => message).join('\n'),
    );
    for (const [at, [, , , message]] of expected.entries()) assert.match(problems[at]!.message, message);
  });
}

test('sound trainings: columns, exports, a folder, a model that an earlier training writes', async () => {
  const text = withTraining(
    'text',
    `trl: { task: qft, model: ${model} }\n    output: ./made\n    env: [HF_TOKEN]`,
    'trl: { task: sft, model: ./made }\n    export: chat',
    'trl: { task: solver, model: hub/name }\n    export: pairs',
    'command: [sbatch, --wait, x.sh, "{{ data }}"]',
  );
  const plan = await checkText(text, [], { env: { HF_TOKEN: 'x' } });
  const [, printed] = printPlan(plan).split('\ntrain\n');
  assert.match(
    printed!,
    new RegExp(
      `^  qft  trl sft --model_name_or_path ${model} --dataset_name .*runs/broken --output_dir .*pipelines/made `,
    ),
  );
  assert.match(
    printed!,
    /\n {2}sft {2}trl sft --model_name_or_path .*pipelines\/made --dataset_name .*\/runs\/broken\/exports\/chat /,
  );
  assert.match(printed!, /\n {2}sbatch {2}sbatch --wait x\.sh .*\/runs\/broken$/);
  assert.equal(
    plan.identity,
    (await checkText(withTraining('text', 'command: [x]'))).identity,
    'trainings decide no row',
  );
});
