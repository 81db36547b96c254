import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import {
  committedFiles,
  committedShards,
  committedStateOf,
  isComplete,
  resumeOf,
  totalsOf,
} from '../../../src/io/runFolder/commits.js';
import type { CommitRecord, FileRecord, Manifest } from '../../../src/io/runFolder/manifest.js';
import { writeState } from '../../helpers/files/commitFiles.js';
import { collect } from '../../helpers/texts/chunks.js';
import { testFolder } from '../../helpers/files/testFolder.js';

function fileRecord(file: string): FileRecord {
  return { file, rows: 1, bytes: 1, sha256: 'a'.repeat(64) };
}

function runOf(path: string, ...commits: Partial<CommitRecord>[]): { path: string; manifest: Manifest } {
  const usual = { kind: 'commit', next: 0, kept: 0, counts: {}, done: false } as const;
  const none = { shard: null, rejects: null, state: null };
  const all = commits.map((commit, index) => ({ ...usual, ...none, index, ...commit }));
  const manifest = { content: { commits: all } } as unknown as Manifest;
  return { path, manifest };
}

test('files are listed commit by commit: shard, rejects, state', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(fileRecord);
  const { commits } = runOf('/r', { shard: a!, state: b! }, {}, { rejects: c!, shard: b! }).manifest.content;
  assert.deepEqual(
    committedFiles(commits).map(({ file }) => file),
    ['a', 'b', 'b', 'c'],
  );
  assert.deepEqual(committedShards('/r', commits), [join('/r', 'a'), join('/r', 'b')]);
});

test('totals add the counts of all commits; where the run is, its last commit says', () => {
  const run = runOf(
    '/r',
    { next: 4, kept: 1, counts: { x: 1, y: 2 } },
    { next: 9, kept: 3, counts: { x: 5 } },
  );
  assert.deepEqual(totalsOf(run), { positions: 9, kept: 3, counts: { x: 6, y: 2 } });
  assert.equal(isComplete(run), false);
  assert.equal(isComplete(runOf('/r', { done: true })), true);
  assert.deepEqual(totalsOf(runOf('/r')), { positions: 0, kept: 0, counts: {} });
});

test('a run goes on after its last commit with the state of all of them, in order', async (t) => {
  const path = await testFolder(t);
  const stateOf = async (file: string, seq: number, value: number): Promise<FileRecord> => {
    const entries = [
      { seq, step: 'a', value },
      { seq, step: 'b', value: -value },
    ];
    return { file, ...(await writeState(nodeFiles, join(path, file), entries))! };
  };
  const run = runOf(
    path,
    { next: 4, state: await stateOf('1', 3, 1) },
    { next: 8, kept: 2, state: await stateOf('2', 5, 2) },
  );
  assert.deepEqual(resumeOf(run), { from: 8, kept: 2 });
  const valuesOf = async (step: string): Promise<unknown[]> =>
    (await collect(committedStateOf(nodeFiles, run, step).read(0, 8))).flat();
  const values = [await valuesOf('a'), await valuesOf('b'), await valuesOf('c')];
  assert.deepEqual(values, [[1, 2], [-1, -2], []]);
  const { upTo, read } = committedStateOf(nodeFiles, run, 'a');
  assert.equal(upTo(), 8);
  assert.deepEqual((await collect(read(4, 8))).flat(), [2], 'from a position on');
  assert.deepEqual((await collect(read(0, 4))).flat(), [1], 'below a position');
  const nothing = runOf(path);
  assert.deepEqual(resumeOf(nothing), { from: 0, kept: 0 });
  assert.equal(committedStateOf(nodeFiles, nothing, 'a').upTo(), 0);
});
