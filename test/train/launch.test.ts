import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { type LaunchKind, launch, names } from '../../src/train/launch.js';
import type { TrainingRecord } from '../../src/train/record.js';
import { trainingSchema } from '../../src/train/schema.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { unsealed } from '../helpers/runs/unsealed.js';

/** Runs a program of node in a folder of its own; `OUTPUT` in it is where the model belongs. */
function start(program: string, kind: LaunchKind = 'training', signal = new AbortController().signal) {
  const path = join(temporaryFolder(), 'train', '0');
  const output = join(path, 'output');
  const script = program.replaceAll('OUTPUT', JSON.stringify(output));
  const command = [process.execPath, '-e', `const fs = require('node:fs'); ${script}`];
  const training = trainingSchema.parse({ label: 'mine', command, stopGraceMs: 200 });
  const launched = launch(
    { kind, training, folder: { path, record: null }, command, output, inputs: 'a', cwd: '/' },
    { files: nodeFiles, clock: systemClock, env: process.env, signal, now: () => new Date(0) },
  );
  const record = (): TrainingRecord =>
    unsealed(readFileSync(join(path, 'train.json'), 'utf8')) as TrainingRecord;
  return { path, output, launched, record };
}

const WRITES = "fs.mkdirSync(OUTPUT, { recursive: true }); fs.writeFileSync(OUTPUT + '/weights', 'w');";

test('what a trainer printed and how it ended is in its folder', async () => {
  const { path, launched, record } = start(
    `console.log("{'loss': '2.5'}"); console.log("{'loss': '0.5'}"); ${WRITES}`,
  );
  const found = await launched;
  assert.deepEqual(record(), found);
  assert.deepEqual(
    [found.state, found.starts, found.lossFirst, found.lossLast, found.message],
    ['finished', 1, 2.5, 0.5, null],
  );
  assert.equal(readFileSync(join(path, 'log.txt'), 'utf8'), "{'loss': '2.5'}\n{'loss': '0.5'}\n");
  const lines = readFileSync(join(path, 'metrics.jsonl'), 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { start: number; loss: number }).loss),
    [2.5, 0.5],
  );
});

test('a trainer that fails leaves its message in the record', async () => {
  const { launched, record } = start("console.log('out of memory'); process.exit(3)");
  await assert.rejects(launched, { code: 'ERR_TRAIN_FAILED', message: /the trainer mine .* exit code 3/ });
  assert.equal(record().state, 'failed');
  assert.match(record().message!, /exit code 3[^]*out of memory/);
});

test('the link of a chain is called so in its messages', async () => {
  const { launched } = start('process.exit(1)', 'command');
  await assert.rejects(launched, { message: /^the command mine / });
});

test('a trainer that ends well must have written what it names, with a loss that is a number', async () => {
  await assert.rejects(start('OUTPUT').launched, {
    code: 'ERR_TRAIN_OUTPUT',
    message: /it wrote nothing to .*output/,
  });
  const diverged = start(`console.log("{'loss': 'nan'}"); ${WRITES}`);
  await assert.rejects(diverged.launched, { code: 'ERR_TRAIN_FAILED', message: /a loss of NaN/ });
  assert.equal(diverged.record().lossLast, null);
});

test('a launch that is cancelled before it begins leaves nothing', async () => {
  const { launched, record } = start(WRITES, 'training', AbortSignal.abort());
  await assert.rejects(launched, { code: 'ERR_CANCELLED' });
  assert.throws(record, { code: 'ENOENT' });
});

test('a command names its output where the path stands in a word of it', () => {
  assert.equal(names(['train', '--out=/a/output'], '/a/output'), true);
  assert.equal(names(['train', '--out=/a'], '/a/output'), false);
});
