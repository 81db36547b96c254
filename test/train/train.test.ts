import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { systemClock } from '../../src/clock.js';
import type { ErrorCode, ScaleQuestError } from '../../src/errors.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { hashesOf } from '../helpers/commandLine.js';
import { type FinishedRun, copyOf, finishedRun } from '../helpers/runs/finishedRun.js';
import { leftOf, pidsOf, startsOf, writeTrainer } from '../helpers/runs/trainers.js';
import type { TrainingWorld } from '../../src/train/launch.js';
import type { TrainingRecord } from '../../src/train/record.js';
import { trainingSchema } from '../../src/train/schema.js';
import { type TrainingResult, prepare, train } from '../../src/train/train.js';
import { unsealed } from '../helpers/runs/unsealed.js';

let original: FinishedRun;
before(async () => {
  original = await finishedRun();
});

interface World {
  folder: string;
  run: string;
  /** Where the trainer says that it was started. */
  seen: string;
  launch: (
    way: string,
    more?: object,
    world?: Partial<TrainingWorld>,
    fresh?: boolean,
  ) => Promise<TrainingResult>;
  record: (number?: number) => TrainingRecord;
  /** Of everything but the trainings. */
  data: () => Record<string, string>;
}

function worldOf(base: FinishedRun = original): World {
  const { folder, run } = copyOf(base);
  const trainer = writeTrainer(folder);
  const seen = join(folder, 'seen');
  return {
    folder,
    run,
    seen,
    launch(way, more = {}, world = {}, fresh = false) {
      const command = [process.execPath, trainer, way, seen, '{{ output }}'];
      const training = trainingSchema.parse({ label: 'mine', command, stopGraceMs: 200, ...more });
      const files = nodeFiles;
      const signal = new AbortController().signal;
      const all = { files, clock: systemClock, env: process.env, signal, now: () => new Date(0), ...world };
      return train(training, { folder, run, name: 'small', seed: 0 }, all, fresh);
    },
    record: (number = 0) =>
      unsealed(readFileSync(join(run, 'train', String(number), 'train.json'), 'utf8')) as TrainingRecord,
    data: () =>
      Object.fromEntries(Object.entries(hashesOf(run)).filter(([name]) => !name.startsWith('train/'))),
  };
}

function rejects(launched: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  return assert.rejects(launched, (error: ScaleQuestError) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('a training runs once for equal inputs; others and fresh ones stand beside it', async () => {
  const { launch, record, run, seen, data } = worldOf();
  const before = data();
  const launched: string[][] = [];
  const metrics: object[] = [];
  const first = await launch(
    'good',
    {},
    {
      onLaunch: (_label, command) => launched.push([...command]),
      onMetrics: (values) => metrics.push(values),
    },
  );
  assert.equal(first.state, 'finished');
  const { state, starts, lossFirst, lossLast, output, command } = record();
  assert.deepEqual([state, starts, lossFirst, lossLast], ['finished', 1, 2, 0.5]);
  assert.deepEqual(launched, [command]);
  assert.deepEqual(metrics, [
    { loss: 2, epoch: 0.5 },
    { loss: 0.5, epoch: 0.5 },
  ]);
  assert.equal(readFileSync(join(output, 'weights'), 'utf8'), 'w');
  const lines = readFileSync(join(run, 'train', '0', 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { loss: number }).loss),
    [2, 0.5],
  );

  assert.equal((await launch('good', { timeoutMs: 60_000 })).state, 'finishedBefore');
  assert.equal(startsOf(seen).length, 1);
  assert.equal((await launch('good', {}, {}, true)).state, 'finished');
  assert.equal((await launch('good', { label: 'other' })).state, 'finished');
  assert.deepEqual(readdirSync(join(run, 'train')).sort(), ['0', '1', '2']);
  assert.equal(startsOf(seen).length, 3);
  assert.deepEqual(data(), before, 'the data set is as it was');
});

const FAILURES: [way: string, code: ErrorCode, message: RegExp, more?: object][] = [
  [
    'dies',
    'ERR_TRAIN_FAILED',
    /trainer mine .* exit code 3 after \d+ s\. All that was done before is kept[^]*log\.txt\):[^]*CUDA out of memory/,
  ],
  ['killed', 'ERR_TRAIN_FAILED', /exit code 137/],
  ['hangs', 'ERR_TRAIN_HUNG', /printed nothing for 4 s \(silentMs\) and was stopped/, { silentMs: 4000 }],
  ['talks', 'ERR_TRAIN_HUNG', /was not done after 4 s \(timeoutMs\)/, { timeoutMs: 4000 }],
  ['nan', 'ERR_TRAIN_FAILED', /ended with a loss of NaN: what it wrote is of no use/],
  ['idle', 'ERR_TRAIN_OUTPUT', /ended well, but it wrote nothing to .*output/],
];

for (const [way, code, message, more] of FAILURES) {
  test(`a trainer that ${way} is ${code}; the same training starts again in its folder`, async () => {
    const { launch, record, run, seen, data } = worldOf();
    const before = data();
    await rejects(launch(way, more), code, message);
    assert.deepEqual(await leftOf(await pidsOf(seen)), []);
    assert.deepEqual([record().state, record().starts], ['failed', 1]);
    assert.match(record().message!, message);
    await rejects(launch(way, more), code, message);
    assert.deepEqual([record().state, record().starts], ['failed', 2]);
    assert.deepEqual(readdirSync(join(run, 'train')), ['0']);
    // What the first start printed is still there.
    const log = readFileSync(join(run, 'train', '0', 'log.txt'), 'utf8');
    assert.ok(log.split("{'loss': '2'").length === 3 || way === 'talks', log);
    assert.deepEqual(data(), before);
  });
}

test('a program that is not there says what to do', async () => {
  const { launch } = worldOf();
  await rejects(
    launch('', { command: ['no-such-trainer'] }),
    'ERR_TRAIN_FAILED',
    /exit code 127.*Check `command`/,
  );
});

test('a training that is running is refused; cancelled, it starts again', async () => {
  const { launch, seen, record } = worldOf();
  const abort = new AbortController();
  const first = launch('hangs', {}, { signal: abort.signal });
  const pids = await pidsOf(seen);
  await rejects(
    launch('hangs'),
    'ERR_TRAIN_RUNNING',
    /mine is already running: process \d+ on .*It is not launched twice/,
  );
  assert.equal(startsOf(seen).length, 1);
  abort.abort();
  await rejects(first, 'ERR_CANCELLED', /training mine was cancelled/);
  assert.deepEqual(await leftOf(pids), []);
  await rejects(launch('hangs', { silentMs: 4000 }), 'ERR_TRAIN_HUNG', /silentMs/);
  assert.equal(record().starts, 2);
});

test('a training whose process has died starts again from its last checkpoint', async () => {
  const { launch, seen, run, record } = worldOf();
  const resume = ['--resume', '{{ checkpoint }}'];
  await rejects(launch('dies', { resume }), 'ERR_TRAIN_FAILED', /exit code 3/);
  const path = join(run, 'train', '0', 'train.json');
  // As SIGKILL of everything leaves it.
  const died = { ...record(), state: 'started' };
  writeFileSync(path, JSON.stringify(died));
  const checkpoint = join(died.output, 'checkpoint-4');
  mkdirSync(checkpoint, { recursive: true });
  for (const name of ['config.json', 'trainer_state.json']) writeFileSync(join(checkpoint, name), '{}');
  writeFileSync(join(checkpoint, 'pytorch_model.bin'), 'x');
  await rejects(launch('dies', { resume }), 'ERR_TRAIN_FAILED', /exit code 3/);
  assert.deepEqual(startsOf(seen), [[], ['--resume', checkpoint]]);
});

test('a record of another machine, and one that cannot be read, launch nothing', async () => {
  const { launch, seen, run, record } = worldOf();
  await rejects(launch('dies'), 'ERR_TRAIN_FAILED', /exit code 3/);
  const path = join(run, 'train', '0', 'train.json');
  const found = record();
  writeFileSync(
    path,
    JSON.stringify({ ...found, state: 'started', process: { ...found.process, host: 'far' } }),
  );
  await rejects(
    launch('dies'),
    'ERR_TRAIN_RUNNING',
    /on far, .* If that machine is gone, remove .*train\.json/,
  );
  writeFileSync(path, '{"version":1,');
  await rejects(launch('dies'), 'ERR_DATA_INVALID', /train\.json: expected the record of a training/);
  assert.equal(startsOf(seen).length, 1);
});

test('what stands in the output folder is not written over', async () => {
  const { launch, folder, seen } = worldOf();
  mkdirSync(join(folder, 'model'));
  writeFileSync(join(folder, 'model', 'theirs'), 'x');
  await rejects(
    launch('good', { output: 'model' }),
    'ERR_TRAIN_OUTPUT',
    /model holds something that this training has not/,
  );
  assert.ok(!existsSync(seen));
  rmSync(join(folder, 'model', 'theirs'));
  assert.equal((await launch('good', { output: 'model' })).state, 'finished');
  await rejects(
    launch('good', { output: 'model', label: 'x' }),
    'ERR_TRAIN_OUTPUT',
    /nothing is overwritten/,
  );
});

test('no run, one that is not finished, and an empty one train nothing', async () => {
  const { launch, run, seen } = worldOf();
  const manifest = join(run, 'manifest.jsonl');
  const lines = readFileSync(manifest, 'utf8').trim().split('\n');
  writeFileSync(manifest, `${lines[0]}\n`);
  await rejects(
    launch('good'),
    'ERR_TRAIN_DATA',
    /holds no finished run\. Run the pipeline to its end first/,
  );
  rmSync(run, { recursive: true });
  await rejects(launch('good'), 'ERR_TRAIN_DATA', /holds no finished run/);
  assert.ok(!existsSync(seen));
  const empty = worldOf(await finishedRun(0));
  await rejects(empty.launch('good'), 'ERR_TRAIN_DATA', /no row was kept/);
  await rejects(
    worldOf().launch('good', { export: 'chat' }),
    'ERR_TRAIN_DATA',
    /exports\/chat: it holds no export/,
  );
});

test('conditions are those of the rows; what they refuse leaves no trace', async () => {
  const { launch, run } = worldOf();
  // Rewards 0, 0.25 and 0.5.
  assert.deepEqual(await launch('good', { when: { rewardMeanMin: 0.3, rowsMin: 4 } }), {
    state: 'notDue',
    reasons: [
      'rowsMin: rows kept 3, expected at least 4',
      'rewardMeanMin: mean reward 0.2500, expected at least 0.3',
    ],
  });
  assert.ok(!existsSync(join(run, 'train')));
  assert.equal((await launch('good', { when: { rewardMeanMin: 0.25, rowsMin: 3 } })).state, 'finished');
});

test('keys stay out of the trainer unless they are named, and out of its log', async () => {
  const { launch, run } = worldOf();
  const env = { ...process.env, HF_TOKEN: 'hf_secret_token', SERVER_KEY: 'sk-secret-key' };
  await launch('secret', { env: ['HF_TOKEN'] }, { env });
  assert.equal(readFileSync(join(run, 'train', '0', 'log.txt'), 'utf8'), 'token [key] key undefined\n');
});

test('TRL is not launched on a model that is cut off', async () => {
  const { launch, folder } = worldOf();
  mkdirSync(join(folder, 'base'));
  writeFileSync(join(folder, 'base', 'config.json'), '{}');
  writeFileSync(join(folder, 'base', 'model.safetensors'), 'torn');
  const trl = { task: 'sft', model: './base', program: ['no-such-trl'] };
  await rejects(
    launch('', { command: undefined, trl }),
    'ERR_TRAIN_MODEL',
    /cannot train \.\/base: .*model\.safetensors is cut off/,
  );
  assert.ok(!existsSync(join(folder, 'run', 'train')));
});

test('a run that was cancelled before launches nothing', async () => {
  const { launch, seen } = worldOf();
  await rejects(launch('good', {}, { signal: AbortSignal.abort() }), 'ERR_CANCELLED', /cancelled/);
  assert.ok(!existsSync(seen));
});

/** Prints its last argument and writes its output, or fails. */
const TELLS = `const [output, fails, said] = process.argv.slice(2);
console.log('given ' + said);
if (fails === 'yes') process.exit(1);
require('node:fs').writeFileSync(output, 'x');`;

for (const fails of ['no', 'yes']) {
  test(`what the environment filled in is in no file and no message; fails: ${fails}`, async () => {
    const { launch, folder, run, record } = worldOf();
    const program = join(folder, 'tells.cjs');
    writeFileSync(program, TELLS);
    const [secret, model] = ['s3cr3t', '/models/base-of-all'];
    const filled = new Map(Object.entries({ SERVER_TOKEN: secret, MODEL: model }));
    const command = [process.execPath, program, '{{ output }}', fails, `--key=${secret} ${model}`];
    const seen: string[] = [];
    const world = {
      filled,
      onLaunch: (_: string, words: readonly string[]) => void seen.push(words.join(' ')),
    };
    const error: unknown = await launch('', { command }, world).then(
      () => null,
      (failed: unknown) => failed,
    );
    assert.equal(error !== null, fails === 'yes');
    seen.push(String((error as Error | null)?.stack), record().message ?? '');
    for (const name of ['train.json', 'log.txt', 'metrics.jsonl'])
      seen.push(readFileSync(join(run, 'train', '0', name), 'utf8'));
    assert.doesNotMatch(seen.join('\n'), new RegExp(`${secret}|${model}`));
    assert.equal(record().command.at(-1), '--key=${SERVER_TOKEN} ${MODEL}');
    assert.equal(
      readFileSync(join(run, 'train', '0', 'log.txt'), 'utf8'),
      'given --key=${SERVER_TOKEN} ${MODEL}\n',
    );
  });
}

test('a finished training whose model is gone, or empty, is launched again and says why', async () => {
  const { launch, record, seen } = worldOf();
  await launch('good');
  const said: string[] = [];
  const world = { onAgain: (label: string, why: string) => void said.push(`${label}: ${why}`) };
  const { output } = record();
  rmSync(output, { recursive: true });
  assert.equal((await launch('good', {}, world)).state, 'finished');
  rmSync(join(output, 'weights'));
  assert.equal((await launch('good', {}, world)).state, 'finished');
  assert.equal((await launch('good', {}, world)).state, 'finishedBefore');
  assert.deepEqual(said, [`mine: there is nothing at ${output}`, `mine: ${output} is empty`]);
  assert.deepEqual([startsOf(seen).length, record().starts], [3, 3]);
});

test('a run folder that was moved keeps its trainings', async () => {
  const { folder, run, seen, launch } = worldOf();
  await launch('good');
  const moved = join(folder, 'moved');
  renameSync(run, moved);
  const files = nodeFiles;
  const command = [process.execPath, join(folder, 'trainer.mjs'), 'good', seen, '{{ output }}'];
  const training = trainingSchema.parse({ label: 'mine', command, stopGraceMs: 200 });
  const prepared = await prepare(training, { folder, run: moved, name: 'small', seed: 0 }, files);
  assert.ok(prepared.state === 'finishedBefore');
  assert.equal(prepared.record.output, join(moved, 'train', '0', 'output'));
});
