import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { assertOwnFiles } from '../../../src/io/runFolder/ownFiles.js';
import { previewPipeline } from '../../../src/run/plan/previewPipeline.js';
import { runPipeline } from '../../../src/run/runPipeline.js';
import { type FinishedRun, copyOf, finishedRun } from '../../helpers/runs/finishedRun.js';

let original: FinishedRun;
before(async () => {
  original = await finishedRun(3, ['exports: { qr: { format: queryResponse, response: question } }']);
});

/** A pipeline on files of another run. */
function pipelineOn(folder: string, path: string, column: string): string {
  const file = join(folder, 'next.yaml');
  const source = `source: { parquet: { path: ${path}, columns: { question: string }, from: { question: ${column} } } }`;
  const step = 'steps: [{ deduplicate: { similarityMin: null } }]';
  writeFileSync(file, ['name: next', 'store: none', source, step, ''].join('\n'));
  return file;
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  // In the middle of the values, where a reader may see nothing.
  bytes[bytes.length >> 2]! ^= 1;
  writeFileSync(path, bytes);
}

const SOURCES = [
  ['run/shards', 'run/shards/shard-00000.parquet', 'question'],
  ['run/shards/*.parquet', 'run/shards/shard-00000.parquet', 'question'],
  ['run/shards/shard-00000.parquet', 'run/shards/shard-00000.parquet', 'question'],
  ['run/exports/qr', 'run/exports/qr/train-00000.parquet', 'query'],
] as const;

for (const [source, damaged, column] of SOURCES) {
  test(`a run and a preview on ${source} of another run begin with its rows, and not with changed ones`, async () => {
    const { folder } = copyOf(original);
    const file = pipelineOn(folder, source, column);
    assert.equal((await previewPipeline(file)).traces.length, 3);
    flip(join(folder, damaged));
    const refused = { code: 'ERR_DATA_INVALID', message: /found other bytes than those that were committed/ };
    await assert.rejects(previewPipeline(file), refused);
    await assert.rejects((await runPipeline(file, { out: join(folder, 'next') })).result, refused);
  });
}

test('a shard that no commit names, and an export whose record was changed, are refused; other files are nobody’s', async () => {
  const { folder, run } = copyOf(original);
  const shard = join(run, 'shards', 'shard-00000.parquet');
  const left = join(run, 'shards', 'shard-00001.parquet');
  copyFileSync(shard, left);
  await assert.rejects(assertOwnFiles(nodeFiles, [shard, left]), {
    message: /shard-00001.*no commit .* names it/,
  });
  flip(join(run, 'exports', 'qr.json'));
  const exported = join(run, 'exports', 'qr', 'train-00000.parquet');
  await assert.rejects(assertOwnFiles(nodeFiles, [exported]), {
    message: /does not name every file, or was changed/,
  });
  await assertOwnFiles(nodeFiles, [join(folder, 'in.jsonl')]);
});
