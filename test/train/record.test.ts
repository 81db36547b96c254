import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../src/io/files/files.js';
import { type TrainingRecord, findTraining, writeRecord } from '../../src/train/record.js';
import { temporaryFolder } from '../helpers/commandLine.js';

function recordOf(inputs: string, more: Partial<TrainingRecord> = {}): TrainingRecord {
  return {
    ...{
      version: 1,
      label: 'mine',
      inputs,
      state: 'finished',
      starts: 1,
      command: ['train'],
      output: '/out',
    },
    ...{ process: { host: 'here', pid: 7, bornAt: null }, startedAt: '2026-01-01', endedAt: '2026-01-02' },
    ...{ wallS: 1.5, lossFirst: 2, lossLast: null, message: null },
    ...more,
  };
}

/** A run folder with one training a record, numbered from 0. */
async function runWith(...records: TrainingRecord[]): Promise<string> {
  const run = temporaryFolder();
  for (const [number, record] of records.entries()) {
    const folder = join(run, 'train', String(number));
    mkdirSync(folder, { recursive: true });
    await writeRecord(nodeFiles, folder, record);
  }
  return run;
}

function find(run: string, inputs: string, fresh = false, taken = 0) {
  return findTraining(nodeFiles, run, inputs, fresh, taken);
}

test('what is written is read again, as lines that a person can read', async () => {
  const record = recordOf('a', { lossLast: 0.25, message: 'why' });
  const run = await runWith(record);
  assert.deepEqual(await find(run, 'a'), { path: join(run, 'train', '0'), record });
  assert.match(
    readFileSync(join(run, 'train', '0', 'train.json'), 'utf8'),
    /^\{\n {2}"version": 1,\n[^]*\}\n$/,
  );
});

test('a run without trainings gives the first folder', async () => {
  const run = temporaryFolder();
  assert.deepEqual(await find(run, 'a'), { path: join(run, 'train', '0'), record: null });
});

test('equal inputs are found in the newest folder; other inputs, and a fresh start, get the next one', async () => {
  const run = await runWith(recordOf('a'), recordOf('b'), recordOf('a', { starts: 2 }));
  assert.equal((await find(run, 'a')).record!.starts, 2);
  assert.equal((await find(run, 'b')).path, join(run, 'train', '1'));
  assert.deepEqual(await find(run, 'c'), { path: join(run, 'train', '3'), record: null });
  assert.deepEqual(await find(run, 'a', true), { path: join(run, 'train', '3'), record: null });
  assert.equal((await find(run, 'c', false, 2)).path, join(run, 'train', '5'));
});

test('folders are compared by number, not by name; others are not looked at', async () => {
  const run = await runWith(...Array.from({ length: 11 }, () => recordOf('a')));
  mkdirSync(join(run, 'train', 'notes'));
  assert.equal((await find(run, 'a')).path, join(run, 'train', '10'));
  assert.equal((await find(run, 'b')).path, join(run, 'train', '11'));
});

test('a folder without a record counts as taken', async () => {
  const run = await runWith(recordOf('a'));
  mkdirSync(join(run, 'train', '4'));
  assert.equal((await find(run, 'b')).path, join(run, 'train', '5'));
});

for (const [why, text] of [
  ['torn', '{"version":1,'],
  ['of another version', JSON.stringify({ ...recordOf('a'), version: 2 })],
  ['without inputs', JSON.stringify({ ...recordOf('a'), inputs: undefined })],
] as const) {
  test(`a record that is ${why} is refused by its path`, async () => {
    const run = await runWith(recordOf('a'));
    const path = join(run, 'train', '0', 'train.json');
    writeFileSync(path, text);
    await assert.rejects(find(run, 'a'), { code: 'ERR_DATA_INVALID', at: { file: path } });
  });
}

test('a record with a changed bit is refused; one of an older version, without a checksum, is read', async () => {
  const record = recordOf('a');
  const run = await runWith(record);
  const path = join(run, 'train', '0', 'train.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"finished"', '"finishec"').replace('"starts": 1', '"starts": 3'));
  await assert.rejects(find(run, 'a'), { code: 'ERR_DATA_INVALID' });
  writeFileSync(path, text.replace('"starts": 1', '"starts": 3'));
  await assert.rejects(find(run, 'a'), { code: 'ERR_DATA_INVALID', at: { file: path } });
  writeFileSync(path, JSON.stringify(record));
  assert.deepEqual((await find(run, 'a')).record, record);
});
