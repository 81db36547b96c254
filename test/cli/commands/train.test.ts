import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { hashesOf, runCommand, startCommand } from '../../helpers/commandLine.js';
import { type FinishedRun, finishedRun } from '../../helpers/runs/finishedRun.js';
import { leftOf, pidsOf, startsOf, writeTrainer } from '../../helpers/runs/trainers.js';

/** A finished run whose file then gets trainings; `@good` stands for the command of a good trainer. */
async function withTrainings(
  ...trainings: string[]
): Promise<FinishedRun & { seen: string; train: string[] }> {
  const found = await finishedRun();
  const trainer = writeTrainer(found.folder);
  const seen = join(found.folder, 'seen');
  const command = (way: string): string =>
    `command: [${JSON.stringify(process.execPath)}, ${trainer}, ${way}, ${seen}, "{{ output }}"]`;
  const lines = trainings.map((text, at) => {
    const own = text.replace(/@(\w+)/, (_, way: string) => command(way));
    return `  - { label: t${at}, stopGraceMs: 300, ${own} }`;
  });
  writeFileSync(found.file, `${readFileSync(found.file, 'utf8')}train:\n${lines.join('\n')}\n`);
  return { ...found, seen, train: ['train', found.file, '--out', found.run] };
}

test('run launches when the set is complete, once; train does not launch it again', async () => {
  const { file, run, seen, train } = await withTrainings('@good', '@good, when: { rowsMin: 4 }');
  const first = await runCommand('run', file, '--out', run);
  assert.equal(first.code, 0, first.stderr);
  assert.match(
    first.stdout,
    /^training t0: finished in \d+\.\d s, loss 2 at first, 0\.5 at last; model in .*train\/0\/output$/m,
  );
  assert.match(first.stdout, /^training t1: not launched; rowsMin: rows kept 3, expected at least 4$/m);
  assert.match(first.stderr, /^training t0: .*trainer\.mjs good[^]*^log: .*train\/0\/log\.txt$/m);
  assert.match(first.stderr, /^training t0 · \d+ s · epoch 0\.5 · loss 0\.5 · first loss 2$/m);
  const again = await hostCommand(train);
  assert.match(again.stdout, /^training t0: finished already/m);
  assert.equal(startsOf(seen).length, 1);
});

test('a dry run prints what would be launched and writes nothing', async () => {
  const { run, seen, train, folder } = await withTrainings('@good', '@good, when: { rowsMin: 4 }');
  const before = hashesOf(folder);
  const { code, stdout } = await hostCommand([...train, '--dry-run']);
  assert.equal(code, 0);
  const lines = stdout.trim().split('\n');
  assert.equal(lines[0], `cd ${folder}`);
  assert.equal(lines[1], '# t0');
  assert.ok(lines[2]!.endsWith(`trainer.mjs good ${seen} ${join(run, 'train', '0', 'output')}`), lines[2]);
  assert.equal(lines[3], '# t1: not launched; rowsMin: rows kept 3, expected at least 4');
  assert.deepEqual(hashesOf(folder), before);
});

test('a dry run says what would stop a training, and exits as the training would', async () => {
  const first = await withTrainings('@good');
  const nowhere = join(first.folder, 'nowhere');
  const before = await hostCommand(['train', first.file, '--out', nowhere, '--dry-run']);
  assert.equal(before.code, 0, before.stderr);
  const lines = before.stdout.trim().split('\n');
  assert.match(
    lines[1]!,
    /^# t0: would not be launched: .*nowhere: it holds no finished run.*ERR_TRAIN_DATA\]$/,
  );
  assert.equal(lines[2], '# After it:');
  assert.ok(lines[3]!.endsWith(join(nowhere, 'train', '0', 'output')), lines[3]);

  const empty = await finishedRun(0);
  writeFileSync(empty.file, `${readFileSync(empty.file, 'utf8')}train: [{ label: t0, command: [x] }]\n`);
  const real = await hostCommand(['train', empty.file, '--out', empty.run]);
  const dry = await hostCommand(['train', empty.file, '--out', empty.run, '--dry-run']);
  assert.deepEqual([real.code, dry.code], [EXIT_CODES.training, EXIT_CODES.training]);
  assert.match(dry.stdout, /^# t0: would not be launched: .*no row was kept; report\.json says which step/m);
  assert.equal(dry.stdout.trim().split('\n').length, 2);

  const { folder, train } = await withTrainings('@good, output: taken', '@good, when: { rowsMin: 4 }');
  mkdirSync(join(folder, 'taken'));
  writeFileSync(join(folder, 'taken', 'weights'), '');
  const taken = await hostCommand([...train, '--dry-run']);
  assert.equal(taken.code, EXIT_CODES.training);
  assert.match(
    taken.stdout,
    /^# t0: would not be launched: .*nothing is overwritten.*\[ERR_TRAIN_OUTPUT\]$/m,
  );
  assert.match(taken.stdout, /^# t1: not launched; rowsMin/m);
});

test('a training needs no source: its rows are in the run; a check does', async () => {
  const { folder, file, run } = await withTrainings('@good');
  rmSync(join(folder, 'in.jsonl'));
  const checked = await hostCommand(['check', file]);
  assert.equal(checked.code, EXIT_CODES.io);
  assert.match(
    checked.stderr,
    /pipeline\.yaml:2:\d+ source\.jsonl\.path: found nothing at .*in\.jsonl.*\[ERR_IO_READ\]/,
  );
  const { code, stdout } = await hostCommand(['train', file, '--out', run]);
  assert.equal(code, 0, stdout);
});

test('an empty source is not said to have been lost by a step', async () => {
  const { file, folder } = await finishedRun(1, ['train: [{ label: t0, command: ["true"] }]']);
  writeFileSync(join(folder, 'in.jsonl'), '');
  const { code, stderr } = await hostCommand(['run', file, '--out', join(folder, 'empty')]);
  assert.equal(code, EXIT_CODES.training);
  assert.match(stderr, /cannot train on .*empty: its source had no row\. \[ERR_TRAIN_DATA\]/);
});

test('a trainer that fails is exit 7; the first failure ends it, and the set stays', async () => {
  const { run, seen, train } = await withTrainings('@dies', '@good');
  const { code, stderr } = await hostCommand(train);
  assert.equal(code, EXIT_CODES.training);
  assert.match(stderr, /the trainer t0 .* exit code 3[^]*CUDA out of memory\n? ?\[ERR_TRAIN_FAILED\]/);
  assert.equal(startsOf(seen).length, 1);
  assert.ok(existsSync(join(run, 'report.json')) && !existsSync(join(run, 'run.lock')));
});

test('without a run, and without trainings, nothing is launched', async () => {
  const { train, folder } = await withTrainings('@good');
  const none = await hostCommand(['train', train[1]!, '--out', join(folder, 'nowhere')]);
  assert.equal(none.code, EXIT_CODES.training);
  assert.match(none.stderr, /nowhere: it holds no finished run.*\[ERR_TRAIN_DATA\]/);
  assert.ok(!existsSync(join(folder, 'nowhere')));
  const bare = await finishedRun();
  const { code, stdout } = await hostCommand(['train', bare.file, '--out', bare.run]);
  assert.deepEqual([code, stdout], [0, `${bare.file} has no \`train\`: nothing to launch.\n`]);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends the trainer and its workers with exit 130; the next call starts it again`, async () => {
    const { run, seen, train } = await withTrainings('@stubborn');
    const running = startCommand(train);
    const pids = await pidsOf(seen, running.result);
    await running.stderrHas('log:');
    const second = await hostCommand(train);
    assert.match(second.stderr, /is writing it, expected one process at a time/);
    running.child.kill(signal);
    const { code, stderr } = await running.result;
    assert.equal(code, EXIT_CODES.cancelled, stderr);
    assert.match(stderr, /the training t0 was cancelled; .*\[ERR_CANCELLED\]/);
    assert.deepEqual(await leftOf(pids), []);
    const again = await hostCommand([...train, '--set', 'train.0.silentMs=1500']);
    assert.match(again.stderr, /\[ERR_TRAIN_HUNG\]/);
    assert.equal(startsOf(seen).length, 2);
    assert.deepEqual(readdirSync(join(run, 'train')), ['0']);
  });
}

test('SIGKILL of our own process takes the trainer along; the next call starts it again', async () => {
  const { seen, train } = await withTrainings('@hangs');
  const running = startCommand(train);
  const pids = await pidsOf(seen, running.result);
  await running.stderrHas('log:');
  running.child.kill('SIGKILL');
  await running.result;
  assert.deepEqual(await leftOf(pids), []);
  const { stderr } = await hostCommand([...train, '--set', 'train.0.silentMs=1500']);
  assert.match(stderr, /\[ERR_TRAIN_HUNG\]/);
  assert.equal(startsOf(seen).length, 2);
});

/** A server of completions that `serve` starts; it writes its pid. */
const SERVER = `import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
writeFileSync(process.argv[3], String(process.pid));
let number = 0;
createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    const choices = [{ index: 0, text: 'What is ' + number++ + ' and one?', finish_reason: 'stop' }];
    const usage = { prompt_tokens: 1, completion_tokens: 1 };
    response.end(JSON.stringify(request.url.endsWith('/models') ? { data: [{ id: 'm' }] } : { choices, usage }));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');`;

test('managed servers are stopped before the trainer starts', async () => {
  const { folder } = await finishedRun();
  const port = 20_000 + (process.pid % 20_000);
  const pidFile = join(folder, 'server.pid');
  writeFileSync(join(folder, 'server.mjs'), SERVER);
  writeFileSync(
    join(folder, 'looks.mjs'),
    `import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
     let alive = true;
     try { process.kill(Number(readFileSync(${JSON.stringify(pidFile)}, 'utf8')), 0); } catch { alive = false; }
     console.log('server alive: ' + alive);
     mkdirSync(process.argv[2], { recursive: true });
     writeFileSync(process.argv[2] + '/done', '');`,
  );
  const node = JSON.stringify(process.execPath);
  const file = join(folder, 'served.yaml');
  writeFileSync(
    file,
    `name: served
limit: 4
models:
  m:
    openai:
      replicas: ["http://127.0.0.1:${port}/v1"]
      model: m
      serve: { command: [${node}, ${join(folder, 'server.mjs')}, "${port}", ${pidFile}] }
    template: qwen2-math
steps: [{ generate: { generators: [{ model: m }] } }]
train: [{ command: [${node}, ${join(folder, 'looks.mjs')}, "{{ output }}"], label: looks }]
`,
  );
  const { code, stderr } = await runCommand('run', file, '--out', join(folder, 'served'));
  assert.equal(code, 0, stderr);
  assert.equal(
    readFileSync(join(folder, 'served', 'train', '0', 'log.txt'), 'utf8'),
    'server alive: false\n',
  );
});
