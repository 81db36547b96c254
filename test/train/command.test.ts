import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { type TrainingPlaces, commandOf, outputOf, printCommand } from '../../src/train/command.js';
import { trainingSchema } from '../../src/train/schema.js';
import { TASK_NAMES } from '../../src/train/tasks.js';

const PLACES: TrainingPlaces = {
  folder: '/pipelines',
  run: '/runs/r',
  own: '/runs/r/train/0',
  name: 'sums',
  seed: 7,
};

/** What every training with TRL begins with. */
const HEAD =
  '--model_name_or_path base --dataset_name /runs/r --output_dir /runs/r/train/0/output ' +
  '--disable_tqdm true --logging_steps 10 --seed 7';

const COMMANDS: Record<(typeof TASK_NAMES)[number], string> = {
  sft: `trl sft ${HEAD}`,
  dpo: `trl dpo ${HEAD}`,
  reward: `trl reward ${HEAD}`,
  qft:
    `trl sft ${HEAD} --num_train_epochs 1 --learning_rate 0.00002 --per_device_train_batch_size 1 ` +
    '--gradient_accumulation_steps 4 --packing true --max_length 256',
  qpo:
    `trl dpo ${HEAD} --num_train_epochs 1 --learning_rate 5e-7 --lr_scheduler_type cosine --warmup_steps 20 ` +
    '--per_device_train_batch_size 4 --gradient_accumulation_steps 32 --beta 0.1 --loss_type sigmoid --max_length 1024',
  solver: `trl sft ${HEAD} --num_train_epochs 3 --learning_rate 0.00001 --lr_scheduler_type cosine --warmup_steps 0.03 --max_length 4096`,
};

for (const task of TASK_NAMES) {
  test(`${task}: the arguments of TRL, with the paper’s settings where it has some`, () => {
    const training = trainingSchema.parse({ trl: { task, model: 'base' } });
    assert.equal(commandOf(training, PLACES).join(' '), COMMANDS[task]);
  });
}

test('arguments of the file win; lists become several words, maps JSON; paths start at the pipeline file', () => {
  const training = trainingSchema.parse({
    trl: {
      task: 'sft',
      model: './base',
      program: ['accelerate', 'launch', 'trl'],
      args: {
        seed: 1,
        learning_rate: 1e-6,
        lora_target_modules: ['q_proj', 'v_proj'],
        lr_scheduler_kwargs: { num_cycles: 2 },
        run_name: '{{ name }}-{{ seed }}',
      },
    },
    export: 'chat',
    output: '../out',
  });
  assert.deepEqual(commandOf(training, { ...PLACES, checkpoint: '/out/checkpoint-8' }), [
    ...['accelerate', 'launch', 'trl', 'sft', '--model_name_or_path', '/pipelines/base'],
    ...['--dataset_name', '/runs/r/exports/chat', '--output_dir', '/out', '--disable_tqdm', 'true'],
    ...['--logging_steps', '10', '--seed', '1', '--learning_rate', '0.000001'],
    ...['--lora_target_modules', 'q_proj', 'v_proj', '--lr_scheduler_kwargs', '{"num_cycles":2}'],
    ...['--run_name', 'sums-7', '--resume_from_checkpoint', '/out/checkpoint-8'],
  ]);
  assert.equal(outputOf(training, PLACES), '/out');
});

test('a command of one’s own: placeholders, and `resume` only with a checkpoint', () => {
  const training = trainingSchema.parse({
    command: [
      'torchrun',
      'a.py',
      '--data={{shards}}',
      '{{ data }}',
      '{{ output }}',
      '{{ report }}',
      '{{ name }} {{ seed }}',
    ],
    resume: ['--resume', '{{ checkpoint }}'],
  });
  const command = [
    ...['torchrun', 'a.py', '--data=/runs/r/shards', '/runs/r', '/runs/r/train/0/output'],
    ...['/runs/r/report.json', 'sums 7'],
  ];
  assert.deepEqual(commandOf(training, PLACES), command);
  assert.deepEqual(commandOf(training, { ...PLACES, checkpoint: '/c' }), [...command, '--resume', '/c']);
  const onExport = trainingSchema.parse({ command: ['x', '{{ shards }}', '{{ data }}'], export: 'chat' });
  assert.deepEqual(commandOf(onExport, PLACES), ['x', '/runs/r/exports/chat', '/runs/r/exports/chat']);
});

test('a value that looks like a placeholder or a shell’s word stays what it is', () => {
  const training = trainingSchema.parse({ command: ['x', '{{ name }}; rm -rf $HOME'] });
  assert.deepEqual(commandOf(training, { ...PLACES, name: '{{ output }} $(id)' }), [
    'x',
    '{{ output }} $(id); rm -rf $HOME',
  ]);
});

test('a shell reads a printed command as it was', () => {
  const word = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const { stdout } = spawnSync('/bin/sh', ['-c', `printf '%s\\0' ${printCommand(words)}`], {
        encoding: 'utf8',
      });
      assert.deepEqual(stdout.split('\0').slice(0, -1), words);
    }),
    { numRuns: 40 },
  );
});
