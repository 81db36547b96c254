import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import type { Performance } from '../../../src/run/report/report.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { mountTmpfs, remount } from '../../helpers/files/smallDisk.js';
import { clearStepResults } from '../../store/storeReplies.js';
import { hashesOf, runCommand, temporaryFolder, writePipeline } from '../../helpers/commandLine.js';

const STEPS = [
  'limit: 6',
  'steps:',
  '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
  '  - respond: { model: tiny, n: 2, tokensMax: 24, temperature: 0.8, keepUnfinished: true }',
  '  - filterLanguage: { method: identify }',
];

function pipelineWith(...lines: string[]): { folder: string; file: string } {
  const folder = temporaryFolder();
  return { folder, file: writePipeline(folder, [...lines, ...STEPS]) };
}

/** Runs into `folder/name`; what its models were asked, and what the store answered. */
async function runAs(folder: string, file: string, name: string, ...flags: string[]) {
  const { code, stdout, stderr } = await hostCommand(['run', file, '--out', join(folder, name), ...flags]);
  assert.equal(code, 0, stderr);
  const performance = JSON.parse(readFileSync(join(folder, name, 'performance.json'), 'utf8')) as Performance;
  const { requests, storeHits } = performance.models['tiny']!;
  const [, kept, rowsIn] = /^(\d+) rows kept of (\d+)/m.exec(stdout)!.map(Number);
  return {
    requests,
    storeHits,
    replayedRows: performance.replayedRows,
    stdout,
    kept: kept!,
    rowsIn: rowsIn!,
  };
}

function shardsOf(path: string): Record<string, string> {
  return hashesOf(join(path, 'shards'));
}

type Ran = Awaited<ReturnType<typeof runAs>>;

let twice: { folder: string; file: string; store: string; storeCopy: string; first: Ran; second: Ran };

before(async () => {
  const store = join(temporaryFolder(), 'replies');
  const { folder, file } = pipelineWith(`store: ${store}`);
  const first = await runAs(folder, file, 'first');
  await clearStepResults(store);
  const second = await runAs(folder, file, 'second');
  const storeCopy = join(temporaryFolder(), 'replies');
  cpSync(store, storeCopy, { recursive: true });
  twice = { folder, file, store, storeCopy, first, second };
});

test('a run after another asks nothing again, or only what is new, and writes the same bytes', async () => {
  const { folder, file, store, first, second } = twice;
  assert.ok(first.requests >= 10 && first.storeHits === 0 && first.replayedRows === 0);
  assert.deepEqual([second.requests, second.storeHits, second.replayedRows], [0, first.requests, 0]);
  assert.deepEqual(shardsOf(join(folder, 'second')), shardsOf(join(folder, 'first')));
  assert.match(
    second.stdout,
    new RegExp(`^requests +0; ${first.requests} calls were answered by the store$`, 'm'),
  );

  // A late filter that keeps other rows: of the same questions, nothing is asked again.
  await clearStepResults(store);
  const lateFilter = await runAs(folder, file, 'late', '--set', 'steps.2.filterLanguage.languages=[de]');
  assert.deepEqual([lateFilter.requests, lateFilter.storeHits], [0, first.requests]);
  assert.ok(first.kept > 0 && lateFilter.kept < first.kept, `${lateFilter.kept} after ${first.kept}`);
  const otherRequest = await runAs(folder, file, 'other', '--set', 'steps.1.respond.temperature=0.7');
  assert.ok(otherRequest.requests >= 4 && otherRequest.storeHits === 0, JSON.stringify(otherRequest));
  // Its questions were replayed with the results of the first step.
  assert.equal(otherRequest.replayedRows, otherRequest.rowsIn);
});

test('a run after another runs no step again, and says so', async () => {
  const { folder, file, store } = twice;
  const { rowsIn } = await runAs(folder, file, 'third');
  const fourth = await runAs(folder, file, 'fourth');
  assert.deepEqual([fourth.requests, fourth.storeHits, fourth.replayedRows], [0, 0, rowsIn]);
  assert.deepEqual(shardsOf(join(folder, 'fourth')), shardsOf(join(folder, 'first')));
  assert.match(fourth.stdout, new RegExp(`^requests +0; ${rowsIn} rows replayed$`, 'm'));
  const shown = await hostCommand(['store', store]);
  assert.match(shown.stdout, new RegExp(`^\\S+/fourth +\\S+ +0 +0 +– +${rowsIn}$`, 'm'));
});

test('store: none asks again and writes the same bytes; by default the store is beside the run folder', async () => {
  const none = pipelineWith();
  const without = [await runAs(none.folder, none.file, 'a'), await runAs(none.folder, none.file, 'b')];
  for (const { requests, storeHits, stdout } of without) {
    assert.ok(requests >= 10 && storeHits === undefined);
    assert.doesNotMatch(stdout, /store of replies/);
  }
  assert.equal(existsSync(join(none.folder, '.store')), false);

  const byDefault = temporaryFolder();
  const file = join(byDefault, 'pipeline.yaml');
  writeFileSync(file, readFileSync(none.file, 'utf8').replace('store: none\n', ''));
  await runAs(byDefault, file, 'a');
  assert.ok(existsSync(join(byDefault, '.store', 'data.mdb')));
  assert.deepEqual(shardsOf(join(byDefault, 'a')), shardsOf(join(none.folder, 'a')));
});

test('scalequest store: shows, prunes and exports', async () => {
  const { folder } = twice;
  const { requests } = twice.first;
  // What the other test's runs add is not in it.
  const path = twice.storeCopy;
  const shown = await hostCommand(['store', path]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, new RegExp(`^store .*: ${requests} replies in \\d+\\.\\d MiB, of which`));
  assert.match(shown.stdout, new RegExp(`^\\S+/first +\\S+ +${requests} +${requests} +0\\.0 % +0$`, 'm'));
  assert.match(shown.stdout, new RegExp(`^\\S+/second +\\S+ +0 +${requests} +100\\.0 % +0$`, 'm'));

  const target = join(folder, 'replies.parquet');
  const pruned = await hostCommand(['store', path, '--export', target, '--prune-older-than', '1h']);
  assert.equal(pruned.code, 0, pruned.stderr);
  assert.match(pruned.stdout, /^0 replies removed/m);
  assert.match(pruned.stdout, new RegExp(`^${requests} replies written to`, 'm'));
  assert.equal(readFileSync(target).toString('latin1', 0, 4), 'PAR1');
  const unknown = await hostCommand(['store', path, '--prune-run', 'nosuch']);
  assert.equal(unknown.code, EXIT_CODES.usage);
  assert.match(unknown.stderr, /found 0 runs named "nosuch" .*expected one of: \S+\/first, \S+\/second/);
  const both = ['--prune-run', 'first', '--prune-damaged', '--export', target];
  const byRun = await hostCommand(['store', path, ...both]);
  assert.match(byRun.stdout, new RegExp(`^${requests} replies written to`, 'm'));
  assert.match(byRun.stdout, new RegExp(`^${requests} replies removed, in 1 block$`, 'm'));
  assert.match(byRun.stdout, /^store .*: 0 replies/m);
});

test('scalequest store: bad input is named, with its code', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  const cases: [string[], string, number][] = [
    [['store', join(folder, 'nowhere')], 'ERR_STORE_OPEN', EXIT_CODES.io],
    [['store', folder], 'ERR_STORE_FOREIGN', EXIT_CODES.io],
    [['store', folder, '--prune-older-than', 'soon'], 'ERR_USAGE', EXIT_CODES.usage],
  ];
  for (const [args, code, exit] of cases) {
    const result = await hostCommand(args);
    assert.match(result.stderr, new RegExp(`\\[${code}\\]\\n$`));
    assert.equal(result.code, exit);
  }
  assert.equal(existsSync(join(folder, 'nowhere')), false);
  const { file } = pipelineWith(`store: ${folder}`);
  const run = await hostCommand(['run', file, '--out', join(folder, 'out')]);
  assert.match(
    run.stderr,
    /is not a store of replies: it holds "\S+" but no data\.mdb.*\[ERR_STORE_FOREIGN\]\n$/,
  );
  assert.equal(run.code, EXIT_CODES.io);
});

test('scalequest store: one on a read-only file system is shown and exported, not pruned', async (t) => {
  const disk = mountTmpfs(t, 'size=8m');
  if (disk === null) return t.skip('mounting a file system wants root');
  const path = join(disk, 'store');
  cpSync(twice.storeCopy, path, { recursive: true });
  remount(disk, 'ro');
  const shown = await runCommand('store', path, '--export', join(temporaryFolder(), 'replies.parquet'));
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^\d+ replies written to [^]*^store .*: \d+ replies in/m);
  const pruned = await runCommand('store', path, '--prune-older-than', '30d');
  assert.equal(pruned.code, EXIT_CODES.io);
  assert.match(pruned.stderr, /\(EROFS\): the file system is read-only.*\[ERR_STORE_OPEN\]\n$/);
});
