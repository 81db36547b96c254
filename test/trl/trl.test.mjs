// From a finished run through TRL's real command line to a model that writes the next run: the bundled model learns to
// open its questions with a phrase that it has never written, by fine-tuning and by preferences.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const python = process.env.SCALEQUEST_PYTHON;
const trl = join(dirname(python), 'trl');
const folder = mkdtempSync(join(tmpdir(), 'scalequest-trl-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const PHRASE = 'Listen well:';
const OPENING = '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n';

function call(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 600_000,
  });
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

const scalequest = (...args) =>
  call(process.execPath, [join(root, 'dist', 'src', 'cli', 'main.js'), ...args]);

function writePipeline(name, gguf, lines) {
  const file = join(folder, `${name}.yaml`);
  const models = `models: { tiny: { llamaCpp: { path: ${gguf}, processes: 1 }, template: qwen2-math } }`;
  const store = `store: ${join(folder, '.store')}`;
  writeFileSync(file, [`name: ${name}`, 'seed: 11', store, models, ...lines, ''].join('\n'));
  return file;
}

const GENERATE = '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }';

/** What a training of a run left: its record, its metrics, its log. */
function trained(run, number = 0) {
  const own = join(run, 'train', String(number));
  const record = JSON.parse(readFileSync(join(own, 'train.json'), 'utf8'));
  const metrics = readFileSync(join(own, 'metrics.jsonl'), 'utf8').trim().split('\n').map(JSON.parse);
  return { record, metrics, log: readFileSync(join(own, 'log.txt'), 'utf8') };
}

/** The checkpoint loads in transformers, becomes a GGUF file, and that writes the next run's questions. */
function serveNext(name, output) {
  const loaded = JSON.parse(call(python, [join(root, 'test', 'trl', 'load.py'), output, OPENING]));
  const gguf = join(folder, `${name}.gguf`);
  call(python, [join(root, 'models', 'export_gguf.py'), join(output, 'model.safetensors'), gguf]);
  const next = join(folder, `${name}-next`);
  scalequest('run', writePipeline(`${name}Next`, gguf, ['limit: 8', 'steps:', GENERATE]), '--out', next);
  return { loaded, questions: rowsOf(next).map(({ question }) => question) };
}

function rowsOf(run) {
  return readFileSync(join(run, 'sample.jsonl'), 'utf8').trim().split('\n').map(JSON.parse);
}

call(python, [join(root, 'models', 'to_hf.py'), join(root, 'models', 'tiny.gguf'), join(folder, 'hf')]);
writeFileSync(
  join(folder, 'teach.mjs'),
  `const pair = { reads: { question: 'string' } };
   export default {
     ...pair,
     writes: ['question', 'prompt', 'chosen', 'rejected'].map((name) => ({ name, type: 'string', help: name })),
     row: ({ question }) => ({
       question: ${JSON.stringify(PHRASE)} + ' ' + question,
       prompt: ${JSON.stringify(OPENING)},
       chosen: ${JSON.stringify(PHRASE)} + ' ' + question + '<|im_end|>',
       rejected: question + '<|im_end|>',
     }),
   };`,
);

const TEACH = ['steps:', GENERATE, '  - deduplicate: {}', '  - custom: { path: teach.mjs }'];

function trainLines(task, args) {
  const all = {
    use_cpu: true,
    bf16: false,
    per_device_train_batch_size: 8,
    logging_steps: 1,
    save_strategy: 'no',
    ...args,
  };
  return [
    'train:',
    `  - trl: { task: ${task}, model: ./hf, program: [${trl}], args: ${JSON.stringify(all)} }`,
    '    silentMs: 240000',
  ];
}

test('qft with TRL: the loss falls, the checkpoint loads, and the new model writes the next run', () => {
  const file = writePipeline('qft', join(root, 'models', 'tiny.gguf'), [
    'limit: 100',
    ...TEACH,
    '  - wrapQuestion: { template: qwen2-math }',
    'output: { columns: [question, text] }',
    ...trainLines('qft', {
      learning_rate: 1e-3,
      lr_scheduler_type: 'constant',
      max_steps: 30,
      gradient_accumulation_steps: 1,
      packing: false,
    }),
  ]);
  const out = join(folder, 'a', 'run');
  const printed = scalequest('run', file, '--out', out);
  assert.match(printed, /training qft: finished in .* loss .* at first, .* at last/);
  const { record, metrics, log } = trained(out);
  assert.equal(record.state, 'finished');
  const losses = metrics.flatMap(({ loss }) => loss ?? []);
  assert.equal(losses.length, 30);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(mean(losses.slice(-3)) < 0.5 * mean(losses.slice(0, 3)), `losses ${losses}\n${log}`);
  const { loaded, questions } = serveNext('qft', record.output);
  assert.equal(loaded.dtype, 'torch.float32');
  assert.ok(loaded.text.startsWith(PHRASE), loaded.text);
  const opened = questions.filter((question) => question.startsWith(PHRASE));
  assert.ok(opened.length > questions.length / 2, questions.join('\n'));
  console.log({ task: 'qft', losses, wallS: record.wallS, questions: questions.slice(0, 3) });

  assert.match(scalequest('train', file, '--out', out), /training qft: finished already/);
  assert.deepEqual(readdirSync(join(out, 'train')), ['0']);
});

test('killed outright, TRL goes on from its last checkpoint, to the losses that it would have had', async () => {
  const args = { learning_rate: 1e-3, gradient_accumulation_steps: 1, packing: false, max_steps: 8 };
  const file = writePipeline('killed', join(root, 'models', 'tiny.gguf'), [
    'limit: 40',
    ...TEACH,
    '  - wrapQuestion: { template: qwen2-math }',
    'output: { columns: [question, text] }',
    ...trainLines('qft', { ...args, save_strategy: 'steps', save_steps: 4 }),
  ]);
  const out = join(folder, 'killed');
  scalequest('run', file, '--out', out);
  const whole = trained(out).metrics.flatMap(({ loss }) => loss ?? []);
  assert.equal(whole.length, 8);

  const main = join(root, 'dist', 'src', 'cli', 'main.js');
  const child = spawn(process.execPath, [main, 'train', file, '--out', out, '--fresh'], { stdio: 'ignore' });
  const checkpoint = join(out, 'train', '1', 'output', 'checkpoint-4');
  for (let look = 0; look < 2400 && !existsSync(join(checkpoint, 'trainer_state.json')); look++)
    await delay(50);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  assert.equal(trained(out, 1).record.state, 'started');
  await delay(2000);

  scalequest('train', file, '--out', out);
  const { record, metrics } = trained(out, 1);
  assert.deepEqual([record.state, record.starts], ['finished', 2]);
  assert.deepEqual(record.command.slice(-2), ['--resume_from_checkpoint', checkpoint]);
  const resumed = metrics.filter(({ start }) => start === 2).flatMap(({ loss }) => loss ?? []);
  assert.deepEqual(resumed, whole.slice(4));
  console.log({ task: 'resumed', whole, resumed });
});

// Its folder has the name of the one above: what `datasets` has cached of that must not be taken for this.
test('qpo with TRL: the margin between chosen and rejected grows, and the new model writes the next run', () => {
  const file = writePipeline('qpo', join(root, 'models', 'tiny.gguf'), [
    'limit: 100',
    ...TEACH,
    ...trainLines('qpo', {
      learning_rate: 2e-4,
      max_steps: 12,
      gradient_accumulation_steps: 1,
      warmup_steps: 0,
    }),
  ]);
  const out = join(folder, 'b', 'run');
  scalequest('run', file, '--out', out);
  const { record, metrics, log } = trained(out);
  const losses = metrics.flatMap(({ loss }) => loss ?? []);
  assert.ok(Math.abs(losses[0] - Math.LN2) < 0.02, `DPO starts at ln 2: ${losses}\n${log}`);
  assert.ok(losses.at(-1) < 0.5, `losses ${losses}`);
  const margins = metrics.flatMap((line) => line['rewards/margins'] ?? []);
  assert.ok(margins.at(-1) > 0.5 && margins[0] < 0.05, `margins ${margins}`);
  const { loaded, questions } = serveNext('qpo', record.output);
  assert.equal(loaded.dtype, 'torch.float32');
  // The same seeds gave the base model's questions.
  const before = rowsOf(out).map(({ rejected }) => rejected.replace('<|im_end|>', ''));
  assert.notDeepEqual(questions, before.slice(0, questions.length));
  console.log({
    task: 'qpo',
    losses,
    margins,
    wallS: record.wallS,
    questions: questions.slice(0, 3),
    text: loaded.text,
  });
});
