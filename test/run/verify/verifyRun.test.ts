import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { deriveUniform } from '../../../src/random.js';
import { runPipeline } from '../../../src/run/runPipeline.js';
import { verifyRun } from '../../../src/run/verify/verifyRun.js';
import { cases } from '../../helpers/texts/cases.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const QUESTIONS = [
  'What is 1 + 1?',
  'What is 1 + 1?',
  'Was ist das?',
  'Two and three?',
  'What is 2 + 7?',
  'And 4 + 4?',
];

/** Shards, lost rows, states, an export and a training. */
function pipelineIn(folder: string): string {
  const rows = QUESTIONS.map((question, at) => `${JSON.stringify({ question, response: `It is ${at}.` })}\n`);
  writeFileSync(join(folder, 'in.jsonl'), rows.join(''));
  const file = join(folder, 'pipeline.yaml');
  const lines = [
    'name: small',
    'store: none',
    'source: { jsonl: { path: in.jsonl, columns: { question: string, response: string } }, batchRows: 1 }',
    'steps: [{ deduplicate: { similarityMin: null } }]',
    'output: { shardRows: 2 }',
    'exports: { chat: { format: messages }, no: { format: queryResponse } }',
    `train: [{ command: [${JSON.stringify(process.execPath)}, -e, "console.log('{}')", '{output}'] }]`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

interface Folders {
  finished: string;
  /** As a kill after the second commit leaves it. */
  killed: string;
}
let folders: Folders;

before(async () => {
  const folder = temporaryFolder();
  const [finished, killed] = [join(folder, 'run'), join(folder, 'killed')];
  const run = await runPipeline(pipelineIn(folder), { out: finished });
  let commits = 0;
  run.events.subscribe(({ event }) => {
    if (event === 'committed' && (commits += 1) === 2) cpSync(finished, killed, { recursive: true });
  });
  await run.result;
  assert.ok(existsSync(join(killed, 'run.lock')), 'it was copied while the run was writing it');
  folders = { finished, killed };
});

function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.filter((name) => statSync(join(folder, name)).isFile()).sort();
}

/** Without what a trainer wrote. */
function ownFiles(folder: string): string[] {
  return filesIn(folder).filter((name) => !/^train\/\d+\/(?!train\.json$)/.test(name));
}

function copyOf(folder: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'scalequest-verify-')), 'run');
  cpSync(folder, copy, { recursive: true });
  return copy;
}

test('a folder as it was written: nothing is found, and nothing is written', async () => {
  for (const [state, folder] of Object.entries(folders) as [keyof Folders, string][]) {
    const copy = copyOf(folder);
    const { findings, isComplete, commits, rows, files } = await verifyRun(copy);
    assert.deepEqual(findings, []);
    assert.deepEqual([isComplete, commits, rows], state === 'finished' ? [true, 3, 5] : [false, 2, 4]);
    assert.equal(files, ownFiles(copy).filter((name) => name !== 'run.lock').length, state);
    assert.deepEqual(filesIn(copy), filesIn(folder));
  }
});

const FLIPS = cases(80, 250);
const SEED = 11;

for (const state of ['finished', 'killed'] as const) {
  test(`any flipped bit in any file of a ${state} run is noticed: ${FLIPS} drawn with seed ${SEED}`, async () => {
    const folder = copyOf(folders[state]);
    const names = ownFiles(folder);
    const flipped = new Map<string, number>();
    for (let draw = 0; draw < FLIPS; draw++) {
      const name = names[Math.floor(deriveUniform(SEED, 'file', draw) * names.length)]!;
      const path = join(folder, name);
      const whole = readFileSync(path);
      const bit = Math.floor(deriveUniform(SEED, 'bit', draw) * 8 * whole.length);
      const changed = Buffer.from(whole);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, changed);
      const { findings } = await verifyRun(folder);
      assert.ok(findings.length > 0, `bit ${bit} of ${name} was not noticed`);
      const isNamed = findings.some(
        ({ file }) => file === name || ['SHA256SUMS', 'exports'].includes(name.split('/')[0]!),
      );
      assert.ok(isNamed, `bit ${bit} of ${name}: found ${JSON.stringify(findings)}`);
      writeFileSync(path, whole);
      flipped.set(name, (flipped.get(name) ?? 0) + 1);
    }
    assert.deepEqual([...flipped.keys()].sort(), names, 'every file was tried');
    assert.deepEqual((await verifyRun(folder)).findings, []);
  });
}

test('a file that is missing is named, of whichever kind it is', async () => {
  for (const name of filesIn(folders.finished)) {
    if (/^train\/|log\.jsonl|performance\.json|manifest\.jsonl/.test(name)) continue;
    const folder = copyOf(folders.finished);
    rmSync(join(folder, name));
    const { findings } = await verifyRun(folder);
    assert.ok(findings.length > 0, name);
    assert.ok(
      name === 'SHA256SUMS' || findings.some(({ file }) => file === name),
      `${name}: ${JSON.stringify(findings)}`,
    );
  }
});

test('a start of the same run writes anew what is made of the commits, and refuses damaged commits', async () => {
  const folder = temporaryFolder();
  const file = pipelineIn(folder);
  const out = join(folder, 'run');
  await (
    await runPipeline(file, { out })
  ).result;
  for (const name of [
    'README.md',
    'report.json',
    'sample.jsonl',
    'pipeline.yaml',
    'SHA256SUMS',
    'exports/chat.json',
  ]) {
    writeFileSync(join(out, name), readFileSync(join(out, name)).fill(0, 3, 4));
    assert.equal((await verifyRun(out)).findings[0]?.kind, 'changed', name);
    await (
      await runPipeline(file, { out })
    ).result;
    assert.deepEqual((await verifyRun(out)).findings, [], name);
  }
  const shard = join(out, 'shards', 'shard-00001.parquet');
  const whole = readFileSync(shard);
  writeFileSync(shard, Buffer.from(whole).fill(0, 100, 101));
  assert.deepEqual(
    (await verifyRun(out)).findings.map(({ file: found, kind }) => [found, kind]),
    [['shards/shard-00001.parquet', 'damaged']],
  );
  await assert.rejects((await runPipeline(file, { out })).result, {
    code: 'ERR_DATA_INVALID',
    message: /shard-00001\.parquet: found other bytes/,
  });
  writeFileSync(shard, whole);
  await (
    await runPipeline(file, { out })
  ).result;
});

test('a folder without a run, and one of an older version', async () => {
  await assert.rejects(verifyRun(temporaryFolder()), { code: 'ERR_RUN_FOLDER', message: /holds no run/ });
  const folder = copyOf(folders.killed);
  const manifest = join(folder, 'manifest.jsonl');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(/,"check":"[0-9a-f]{64}"\}/g, '}'));
  const { findings, notes, commits } = await verifyRun(folder);
  assert.deepEqual([findings, commits], [[], 2]);
  assert.ok(notes.some((note) => note.includes('An older version began this run')));
});
