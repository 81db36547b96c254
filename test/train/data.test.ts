import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { ScaleQuestError } from '../../src/errors.js';
import { writeExportRecord } from '../../src/io/exports/exportRecord.js';
import { hashBytes } from '../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { readTrainingData } from '../../src/train/data.js';
import { trainingSchema } from '../../src/train/schema.js';
import { type FinishedRun, copyOf, finishedRun } from '../helpers/runs/finishedRun.js';

/** Three questions with the rewards 0, 0.25 and 0.5. */
let original: FinishedRun;
before(async () => {
  original = await finishedRun();
});

function read(run: string, more: object = {}) {
  return readTrainingData(nodeFiles, trainingSchema.parse({ command: ['train'], ...more }), run);
}

function refuses(reading: Promise<unknown>, message: RegExp, isFinished?: boolean): Promise<void> {
  return assert.rejects(reading, (error: ScaleQuestError) => {
    assert.equal(error.code, 'ERR_TRAIN_DATA');
    assert.match(error.message, message);
    assert.equal(error.data['isFinished'], isFinished);
    return true;
  });
}

test('a finished run gives its report, and what tells its rows from others', async () => {
  const { report, parts } = await read(original.run);
  assert.deepEqual([report.rowsIn, report.rowsKept, report.rewardMean], [3, 3, null]);
  assert.match(parts.identity, /^[0-9a-f]{64}$/);
  assert.deepEqual(
    parts.shards.map((hash) => /^[0-9a-f]{64}$/.test(hash)),
    [true],
  );
  assert.equal(parts.exported, null);
});

test('the mean reward is read from the shards where a training asks for it', async () => {
  const { report } = await read(original.run, { when: { rewardMeanMin: 0 } });
  assert.equal(report.rewardMean, 0.25);
});

test('equal rows are equal, others are not', async () => {
  assert.deepEqual((await read(copyOf(original).run)).parts, (await read(original.run)).parts);
  const other = await read((await finishedRun(4)).run);
  assert.notDeepEqual(other.parts.shards, (await read(original.run)).parts.shards);
});

test('a run that is missing, not finished or without a report is not trained on', async () => {
  const { run } = copyOf(original);
  rmSync(join(run, 'report.json'));
  await refuses(read(run), /holds no finished run\. Run the pipeline to its end first/, false);
  const begun = copyOf(original).run;
  const manifest = join(begun, 'manifest.jsonl');
  writeFileSync(manifest, `${readFileSync(manifest, 'utf8').split('\n')[0]}\n`);
  await refuses(read(begun), /holds no finished run/, false);
  await refuses(read(join(run, 'nowhere')), /holds no finished run/, false);
});

test('a run that kept no row says where to look', async () => {
  await refuses(read((await finishedRun(0)).run), /no row was kept; report\.json says which step lost them/);
});

test('an export must be there and hold rows; its record tells it apart', async () => {
  const { run } = copyOf(original);
  const folder = join(run, 'exports', 'chat');
  const training = { export: 'chat' };
  await refuses(read(run, training), /exports\/chat: it holds no export/);
  const made = { config: { format: 'messages' }, shards: ['1'] };
  const record = { made, written: { rows: 0, leftOut: 3 }, files: [] };
  mkdirSync(folder, { recursive: true });
  await writeExportRecord(nodeFiles, folder, record);
  await refuses(read(run, training), /no row of the run gave one of the export/);
  const rows = Buffer.from('rows');
  const file = { file: 'train-00000.parquet', rows: 3, bytes: rows.length, sha256: hashBytes(rows) };
  writeFileSync(join(folder, file.file), rows);
  await writeExportRecord(nodeFiles, folder, { ...record, files: [file] });
  const { parts } = await read(run, training);
  assert.match(parts.exported!, /^[0-9a-f]{64}$/);
  await writeExportRecord(nodeFiles, folder, { ...record, made: { ...made, shards: ['2'] }, files: [file] });
  assert.notEqual((await read(run, training)).parts.exported, parts.exported);
  writeFileSync(join(folder, file.file), 'sows');
  await refuses(read(run, training), /train-00000\.parquet: found other bytes.*writes the export anew/);
});

test('a damaged shard is not trained on, though nobody asks for its rewards', async () => {
  const { run } = copyOf(original);
  const shard = join(run, 'shards', 'shard-00000.parquet');
  const bytes = readFileSync(shard);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(shard, bytes);
  await assert.rejects(read(run), {
    code: 'ERR_DATA_INVALID',
    message: /shard-00000\.parquet: found other bytes/,
  });
});
