// A difficulty scorer from nothing: fail rates of the bundled model, a regression on them, its server, its calibration.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const python = process.env.SCALEQUEST_PYTHON;
const folder = mkdtempSync(join(tmpdir(), 'scalequest-scorer-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function call(program, args, env = {}, status = 0) {
  const options = { cwd: root, encoding: 'utf8', timeout: 600_000, env: { ...process.env, ...env } };
  const found = spawnSync(program, args, options);
  assert.equal(found.status, status, `${program} ${args.join(' ')}\n${found.stdout}\n${found.stderr}`);
  return `${found.stdout}${found.stderr}`;
}

function scalequest(file, out, env, overrides, status) {
  const main = join(root, 'dist', 'src', 'cli', 'main.js');
  const set = overrides.flatMap((override) => ['--set', override]);
  const pipeline = join(root, 'pipelines', file);
  return call(process.execPath, [main, 'run', pipeline, '--out', join(folder, out), ...set], env, status);
}

/** Held-out problems with answers, some to train the scorer on and others to test it. */
const problems = readFileSync(join(root, 'models', 'heldout.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line.includes('"answer"'));
writeFileSync(join(folder, 'train.jsonl'), problems.slice(0, 90).join('\n'));
writeFileSync(join(folder, 'test.jsonl'), problems.slice(90, 130).join('\n'));

const TINY = `{ llamaCpp: { path: ${join(root, 'models', 'tiny.gguf')} }, template: qwen2-math }`;
const RATES = [
  `models.solver=${TINY}`,
  'steps.respond.n=4',
  'steps.respond.tokensMax=160',
  'steps.rateFailures.gradedMin=2',
  'store=none',
];

test('fail rates, a scorer trained on them, served, and calibrated on problems that it has not seen', async () => {
  const base = join(folder, 'hf');
  call(python, [join(root, 'models', 'to_hf.py'), join(root, 'models', 'tiny.gguf'), base]);
  const script = join(root, 'pipelines', 'trainers', 'train_scorer.py');
  const command = [python, script, '--data={{ shards }}', `--model=${base}`, '--output={{ output }}'];
  command.push('--cpu', '--learning-rate=3e-4', '--epochs=4', '--batch-size=8', '--seed={{ seed }}');
  const env = { QUESTIONS: join(folder, 'train.jsonl') };
  const said = scalequest('difficulty.yaml', 'rated', env, [
    ...RATES,
    `train.0.command=${JSON.stringify(command)}`,
  ]);
  assert.match(said, /training scorer: finished in/);
  const own = join(folder, 'rated', 'train', '0');
  const losses = readFileSync(join(own, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => JSON.parse(line).loss ?? []);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(mean(losses.slice(-5)) < mean(losses.slice(0, 5)), `losses ${losses}`);

  scalequest('difficulty.yaml', 'heldout', { QUESTIONS: join(folder, 'test.jsonl') }, [...RATES, 'train=[]']);
  const scorer = join(own, 'output');
  const server = spawn(python, [join(root, 'pipelines', 'trainers', 'serve_scorer.py'), scorer, '--port=0']);
  try {
    const [line] = await once(server.stdout, 'data');
    const url = /http:\/\/\S+/.exec(line.toString())[0];
    const given = { RATED: join(folder, 'heldout', 'shards'), SCORER_URL: url, SCORER_MODEL: scorer };
    scalequest('calibrate.yaml', 'calibrated', given, ['store=none', 'steps.calibrateDifficulty.parts=4']);
  } finally {
    server.kill();
  }
  const report = JSON.parse(readFileSync(join(folder, 'calibrated', 'report.json'), 'utf8'));
  const figures = report.figures.calibrateDifficulty;
  assert.equal(figures.rows, report.rowsKept);
  assert.ok(figures.rows >= 35, JSON.stringify(report));
  assert.ok(Number.isFinite(figures['thresholdDropping30%']));
  assert.ok(
    Math.abs(figures.rankCorrelation) <= 1 && figures.meanAbsoluteError < 0.6,
    JSON.stringify(figures),
  );
  console.log({ lossFirst: losses[0], lossLast: losses.at(-1), ...figures });
});

test('data without the column are refused by the trainer, whose words are shown; nothing is lost', () => {
  const script = join(root, 'pipelines', 'trainers', 'train_scorer.py');
  const command = [python, script, '--data={{ shards }}', '--model=none', '--output={{ output }}'];
  command.push('--label-column=rate');
  const env = { QUESTIONS: join(folder, 'train.jsonl') };
  const overrides = [
    ...RATES,
    'limit=12',
    `train.0.command=${JSON.stringify(command)}`,
    'train.0.when.rowsMin=1',
  ];
  const said = scalequest('difficulty.yaml', 'without', env, overrides, 7);
  assert.match(said, /the data have no column \['rate'\], found/);
  assert.match(said, /ERR_TRAIN_FAILED/);
});
