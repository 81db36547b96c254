// What a run exports, as TRL takes it: chat messages, prompt and completion as messages, pairs; real trainings of the bundled model.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const python = process.env.SCALEQUEST_PYTHON;
const trl = join(dirname(python), 'trl');
const folder = mkdtempSync(join(tmpdir(), 'scalequest-exports-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function call(program, args) {
  const options = { cwd: root, encoding: 'utf8', timeout: 300_000 };
  const { status, stdout, stderr } = spawnSync(program, args, options);
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

/** One answer to questions that nobody can foresee: what the model learns of the answer is soon all there is. */
const ROWS = Array.from({ length: 80 }, (_, at) => ({
  question: `What is ${(at * 7919) % 1009} and ${(at * 104_729) % 997} of ${(at * 31) % 101}?`,
  response: 'I think that it is \\boxed{7}.',
  responses: ['I think that it is \\boxed{7}.', `${at} is what it may be.`],
  rewards: [0.9, 0.1],
}));

const SMALL = {
  use_cpu: true,
  bf16: false,
  per_device_train_batch_size: 8,
  gradient_accumulation_steps: 1,
  logging_steps: 1,
  save_strategy: 'no',
  warmup_steps: 0,
};
const recipe = (task, args) => ({ task, model: './hf', program: [trl], args: { ...SMALL, ...args } });
const sft = recipe('solver', { learning_rate: 1e-3, lr_scheduler_type: 'constant', max_steps: 24 });

const ASKED = { system: 'You are a helpful assistant.', user: '{{ question }}\nPlease reason step by step.' };
const PIPELINE = {
  name: 'exports',
  source: {
    jsonl: {
      path: 'rows.jsonl',
      columns: {
        question: 'string',
        response: 'string',
        responses: 'list<string>',
        rewards: 'list<float64>',
      },
    },
  },
  steps: [{ deduplicate: { similarityMin: null } }],
  exports: {
    chat: { format: 'messages', ...ASKED },
    student: { format: 'promptCompletion', asMessages: true, ...ASKED },
    pairs: { format: 'preference', asMessages: true, ...ASKED },
  },
  train: [
    { label: 'chat', export: 'chat', silentMs: 240_000, trl: sft },
    { label: 'student', export: 'student', silentMs: 240_000, trl: sft },
    {
      label: 'pairs',
      export: 'pairs',
      silentMs: 240_000,
      trl: recipe('dpo', { learning_rate: 2e-4, max_steps: 8 }),
    },
  ],
};

const run = join(folder, 'run');

before(() => {
  call(python, [join(root, 'models', 'to_hf.py'), join(root, 'models', 'tiny.gguf'), join(folder, 'hf')]);
  writeFileSync(join(folder, 'rows.jsonl'), ROWS.map((row) => JSON.stringify(row)).join('\n'));
  // JSON is YAML.
  writeFileSync(join(folder, 'exports.yaml'), JSON.stringify(PIPELINE));
  const main = join(root, 'dist', 'src', 'cli', 'main.js');
  call(process.execPath, [main, 'run', join(folder, 'exports.yaml'), '--out', run]);
});

function trained(number) {
  const own = join(run, 'train', String(number));
  const record = JSON.parse(readFileSync(join(own, 'train.json'), 'utf8'));
  const lines = readFileSync(join(own, 'metrics.jsonl'), 'utf8').trim().split('\n').map(JSON.parse);
  assert.equal(record.state, 'finished', readFileSync(join(own, 'log.txt'), 'utf8'));
  return { record, lines, losses: lines.flatMap(({ loss }) => loss ?? []) };
}

/** What the checkpoint writes after a question that its chat template frames. */
function replyOf(output) {
  const asked = ASKED.user.replace('{{ question }}', 'What is 1 and 2 of 3?');
  const opening = `<|im_start|>system\n${ASKED.system}<|im_end|>\n<|im_start|>user\n${asked}<|im_end|>\n<|im_start|>assistant\n`;
  return JSON.parse(call(python, [join(root, 'test', 'trl', 'load.py'), output, opening])).text;
}

test('on prompt and completion as messages the loss is on the response alone, and the model learns to end it', () => {
  const { record, losses } = trained(1);
  assert.ok(losses.at(-1) < 0.1 * losses[0], `losses ${losses}`);
  assert.equal(replyOf(record.output).trim(), ROWS[0].response);
  console.log({ export: 'student', losses, wallS: record.wallS });
});

test('on messages the loss is on the question as well, which cannot be foreseen', () => {
  const { record, losses } = trained(0);
  assert.ok(losses.at(-1) < 0.7 * losses[0], `losses ${losses}`);
  assert.ok(losses.at(-1) > 5 * trained(1).losses.at(-1), `${losses.at(-1)}, ${trained(1).losses.at(-1)}`);
  console.log({ export: 'chat', losses, wallS: record.wallS });
});

test('on pairs as messages the margin between chosen and rejected grows', () => {
  const { record, lines, losses } = trained(2);
  assert.ok(Math.abs(losses[0] - Math.LN2) < 0.02, `DPO starts at ln 2: ${losses}`);
  const margins = lines.flatMap((line) => line['rewards/margins'] ?? []);
  assert.ok(margins.at(-1) > 0.5 && losses.at(-1) < 0.6, `margins ${margins}`);
  console.log({ export: 'pairs', losses, margins, wallS: record.wallS });
});
