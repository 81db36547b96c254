import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import type { Performance, Report } from '../../../src/run/report/report.js';
import { hostCommand } from '../../helpers/commandHost.js';
import {
  hashesOf,
  runCommand,
  startCommand,
  temporaryFolder,
  writePipeline,
} from '../../helpers/commandLine.js';

const STEPS = [
  'steps:',
  '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
  '  - deduplicate: {}',
];

test('run: a small pipeline to the end, and again into the same folder', async () => {
  const folder = temporaryFolder();
  const file = writePipeline(folder, ['limit: 12', ...STEPS, 'output: { shardRows: 5 }']);
  const out = join(folder, 'out');

  const { code, stdout, stderr } = await runCommand('run', file, '--out', out, '--set', 'seed=6');
  assert.equal(code, 0, stderr);
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Report;
  checkReport(report);
  checkPerformance(JSON.parse(readFileSync(join(out, 'performance.json'), 'utf8')) as Performance);
  checkFolder(out, report.rowsKept);
  for (const part of [
    /^step +rows in +kept +share +lost to$/m,
    /^generate +12 +\d+ +\d+\.\d %/m,
    /^\d+ rows kept of 12 in \d+\.\d s/m,
    /^--- row 1 of the set\nquestion: .+/m,
    new RegExp(`^data set +${join(out, 'shards')} `, 'm'),
    new RegExp(`^report +${join(out, 'report.html')} .*report\\.json`, 'm'),
    /^Next: .*\n +npx scalequest preview .*pipeline\.yaml -n 5$/m,
  ])
    assert.match(stdout, part);
  assert.match(stderr, /^\d+ rows kept, \d+ of 12 source rows done \(\d+ %\) · .*kept by generate \d+, /m);
  assert.ok(!stderr.includes('\x1b'), 'no control codes outside a terminal');

  const before = hashesOf(out);
  const again = await hostCommand(['run', file, '--out', out, '--set', 'seed=6']);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /^\d+ rows kept of 12; the run was complete$/m);
  assert.deepEqual(hashesOf(out), before);

  const other = await hostCommand(['run', file, '--out', out]);
  assert.match(other.stderr, /decides its rows otherwise:\n  seed: 6, now 5\n.*--fresh\. \[ERR_RUN_FOLDER\]/);
  assert.equal(other.code, EXIT_CODES.io);
  assert.deepEqual(hashesOf(out), before);
});

function checkPerformance({ from, models, wallS, memoryPeakBytes }: Performance): void {
  assert.equal(from, 0);
  assert.equal(models['tiny']!.requests, 12);
  assert.ok(models['tiny']!.completionTokens > 12 && wallS > 0 && memoryPeakBytes > 1e7);
}

function checkReport(report: Report): void {
  assert.deepEqual([report.name, report.seed, report.rowsIn], ['small', 6, 12]);
  const lost = report.funnel.flatMap(({ dropped, rejected }) => [
    ...Object.values(dropped),
    ...Object.values(rejected),
  ]);
  assert.equal(report.rowsKept + lost.reduce((sum, rows) => sum + rows, 0), 12);
}

function checkFolder(out: string, rowsKept: number): void {
  assert.deepEqual(readdirSync(out).sort(), [
    'README.md',
    'SHA256SUMS',
    'log.jsonl',
    'manifest.jsonl',
    'performance.json',
    'pictures',
    'pipeline.yaml',
    'rejects',
    'report.html',
    'report.json',
    'sample.jsonl',
    'shards',
    'state',
  ]);
  const shards = readdirSync(join(out, 'shards')).sort();
  assert.deepEqual(
    shards,
    Array.from({ length: Math.ceil(rowsKept / 5) }, (_, at) => `shard-0000${at}.parquet`),
  );
  assert.equal(readFileSync(join(out, 'sample.jsonl'), 'utf8').split('\n').filter(Boolean).length, rowsKept);
  assert.match(readFileSync(join(out, 'pipeline.yaml'), 'utf8'), /^seed: 6$/m);
  assert.match(readFileSync(join(out, 'README.md'), 'utf8'), /small/);
}

test('run: without --out the folder is runs/<name>; --fresh takes the next, and each run is found again', async () => {
  const folder = temporaryFolder();
  const file = writePipeline(folder, ['limit: 2', ...STEPS]);
  const folders = async (...flags: string[]): Promise<string[]> => {
    const { code, stderr } = await hostCommand(['run', file, ...flags], folder);
    assert.equal(code, 0, stderr);
    return readdirSync(join(folder, 'runs')).sort();
  };
  assert.deepEqual(await folders(), ['small']);
  assert.deepEqual(await folders(), ['small']);
  assert.deepEqual(await folders('--fresh', '--set', 'seed=9'), ['small', 'small-2']);
  assert.deepEqual(await folders('--set', 'seed=9'), ['small', 'small-2']);
  assert.deepEqual(await folders(), ['small', 'small-2']);
});

test('run: a target that the source cannot reach is said', async () => {
  const folder = temporaryFolder();
  const hardest = ['  - scoreDifficulty: { model: tiny }', '  - sampleDifficulty: { min: 0.9999 }'];
  const file = writePipeline(folder, ['limit: 3', 'target: 3', ...STEPS, ...hardest]);
  const { code, stdout, stderr } = await hostCommand(['run', file, '--out', join(folder, 'out')]);
  assert.equal(code, EXIT_CODES.short, stderr);
  assert.match(stdout, /The target of 3 rows was not reached: the source ended first\. Raise `limit`\./);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`run: ${signal} stops it with exit 130, no temporary file and no process left`, async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'out');
    const file = writePipeline(folder, ['target: 100000', ...STEPS, 'output: { shardRows: 8 }']);
    const running = startCommand(['run', file, '--out', out]);
    await running.stderrHas('rows kept');
    // Some rows later, amid the shards.
    await sleep(800);
    // Ctrl-C reaches the whole group, its engine processes too; a service manager signals the parent alone.
    process.kill(signal === 'SIGINT' ? -running.child.pid! : running.child.pid!, signal);
    const { code, stderr } = await running.result;
    assert.match(
      stderr,
      /Stopping: closing models and files[^]*the run was cancelled; .* \[ERR_CANCELLED\]\n$/,
    );
    assert.equal(code, EXIT_CODES.cancelled);
    assert.throws(() => process.kill(-running.child.pid!, 0), { code: 'ESRCH' });
    const files = Object.keys(hashesOf(out));
    assert.deepEqual(
      files.filter((name) => name.endsWith('.tmp')),
      [],
    );
    // What the manifest names is there; nothing else is.
    const manifest = readFileSync(join(out, 'manifest.jsonl'), 'utf8');
    for (const name of files.filter((path) => path.endsWith('.parquet')))
      assert.ok(manifest.includes(name), name);
  });
}

test('run --on: what cannot be is said before a request, and who does not answer, with exit 9', async () => {
  const folder = temporaryFolder();
  const file = writePipeline(folder, ['limit: 12', ...STEPS]);
  const nobody = ['--on', 'http://127.0.0.1:1'];
  for (const [flags, code, fault] of [
    [['--stop'], EXIT_CODES.usage, /--stop without --on/],
    [['--detach'], EXIT_CODES.usage, /--detach without --on/],
    [['--fresh', ...nobody], EXIT_CODES.usage, /--fresh beside --on, expected --out/],
    [['--on', 'ray://head:10001'], EXIT_CODES.usage, /no address of a dashboard/],
    [['--set', 'limit=0', ...nobody], EXIT_CODES.invalidPipeline, /limit/],
    [nobody, EXIT_CODES.cluster, /^http:\/\/127\.0\.0\.1:1: found no answer \(.*ERR_CLUSTER_UNREACHABLE\]$/m],
  ] as const) {
    const result = await hostCommand(['run', file, ...flags], folder);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, fault);
  }
  assert.deepEqual(readdirSync(folder), ['pipeline.yaml']);
});
