import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../../src/io/files/files.js';
import { readManifest } from '../../../../src/io/runFolder/manifest.js';
import { type RunRow, pickCommits, runRows } from '../../../../src/run/report/page/runRows.js';
import { reportedRun, scoredRows } from '../../../helpers/runs/reportedRun.js';

function commit(index: number, kept: number, lost: number, bytes = 10) {
  const file = (rows: number) => (rows > 0 ? { file: 'x', rows, bytes, sha256: '0'.repeat(64) } : null);
  return {
    ...{ kind: 'commit' as const, index, next: 0, kept: 0, counts: {}, done: false },
    ...{ shard: file(kept), rejects: file(lost), state: null },
  };
}

test('all commits where they fit; else some that lie evenly, at least one', () => {
  const commits = Array.from({ length: 100 }, (_, at) => commit(at, 10, 10));
  assert.equal(pickCommits(commits, { rowsMax: 2000, bytesMax: 1e9 }).length, 100);
  const some = pickCommits(commits, { rowsMax: 500, bytesMax: 1e9 }).map(({ index }) => index);
  assert.ok(some.length <= 25 && some.length > 18, String(some));
  assert.ok(some[0] === 0 && some.at(-1)! > 80);
  assert.equal(pickCommits(commits, { rowsMax: 1, bytesMax: 1 }).length, 1);
  assert.equal(pickCommits(commits, { rowsMax: 1e9, bytesMax: 400 }).length <= 20, true);
  assert.deepEqual(pickCommits([commit(0, 0, 0)], { rowsMax: 9, bytesMax: 9 }), []);
});

test('kept and lost rows come together by their positions, with what is asked for', async () => {
  const { run } = await reportedRun(scoredRows(200), ['output: { shardRows: 30 }']);
  const { commits } = await readManifest(nodeFiles, join(run, 'manifest.jsonl'));
  const columns = [{ name: 'difficulty', type: 'float64' as const, help: '' }];
  const rows: RunRow[] = [];
  for await (const row of runRows(nodeFiles, {
    folder: run,
    commits,
    columns,
    hasSeq: true,
    withTexts: false,
  }))
    rows.push(row);
  assert.equal(rows.length, 200);
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    Array.from({ length: 200 }, (_, at) => at),
  );
  const source = scoredRows(200);
  for (const row of rows) {
    if (row.isKept) assert.deepEqual(row.values, [source[row.seq]!.difficulty]);
    else assert.equal(row.question, null);
  }
  const lost: RunRow[] = [];
  for await (const row of runRows(nodeFiles, {
    folder: run,
    commits,
    columns: [],
    hasSeq: false,
    withTexts: true,
  }))
    if (!row.isKept) lost.push(row);
  assert.ok(lost.every((row) => !row.isKept && row.question === source[row.seq]!.question));
});
