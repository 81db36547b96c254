import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commitPositionsOf, commitPositionsSeen, nextCut } from '../../src/flow/commitCuts.js';

interface Limits {
  shardRows: number;
  commitPositions: number;
  target: number;
}

/** Commits as `position kept` that rows at these positions lead to, cut into batches of so many positions. */
function commitsOf(seqs: readonly number[], positions: number, batchRows: number, limits: Limits): string[] {
  const commits: string[] = [];
  const progress = { committedTo: 0, kept: 0, keptInShard: 0 };
  for (let lo = 0; lo < positions; lo += batchRows) {
    const hi = Math.min(positions, lo + batchRows);
    const own = seqs.filter((seq) => seq >= lo && seq < hi);
    for (let start = 0; ;) {
      const { end, next, isCommit } = nextCut(progress, limits, { seqs: own, start, hi });
      progress.kept += end - start;
      progress.keptInShard += end - start;
      start = end;
      if (!isCommit) break;
      Object.assign(progress, { committedTo: next, keptInShard: 0 });
      commits.push(`${next} ${progress.kept}`);
      if (progress.kept >= limits.target) return commits;
    }
  }
  return commits;
}

const limitsOf = (more: Partial<Limits>): Limits => ({
  ...{ shardRows: 3, commitPositions: 100, target: Infinity },
  ...more,
});

test('a commit comes with a full shard, at the end of a position', () => {
  assert.deepEqual(commitsOf([0, 1, 5, 5, 5, 8, 9], 10, 10, limitsOf({ shardRows: 2 })), [
    '2 2',
    '6 5',
    '10 7',
  ]);
});

test('without a full shard it comes by positions, from the last commit on, with the rows so far or with none', () => {
  const limits = limitsOf({ commitPositions: 4 });
  assert.deepEqual(commitsOf([], 12, 5, limits), ['4 0', '8 0', '12 0']);
  assert.deepEqual(commitsOf([1, 5, 6, 7, 15], 16, 16, limits), ['4 1', '8 4', '12 4', '16 5']);
  // The fourth row fills its shard at the position where a commit is due: one commit.
  assert.deepEqual(commitsOf([1, 2, 3], 8, 2, limits), ['4 3', '8 3']);
});

test('the target ends it inside a position', () => {
  assert.deepEqual(commitsOf([0, 2, 2, 2], 9, 9, limitsOf({ shardRows: 9, target: 3 })), ['3 3']);
});

test('commits are the same however the rows are batched, and none is further from the last than it may be', () => {
  const rows = fc.array(fc.nat(60), { maxLength: 60 }).map((seqs) => seqs.sort((a, b) => a - b));
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 61 }),
      (seqs, shardRows, commitPositions, batchRows) => {
        const limits = limitsOf({ shardRows, commitPositions });
        const whole = commitsOf(seqs, 61, 61, limits);
        assert.deepEqual(commitsOf(seqs, 61, batchRows, limits), whole);
        const ends = whole.map((commit) => Number(commit.split(' ')[0]));
        assert.ok(ends.every((end, at) => end - (ends[at - 1] ?? 0) <= commitPositions));
        assert.ok(61 - (ends.at(-1) ?? 0) < commitPositions);
      },
    ),
  );
});

test('shards of usual size are full where a tenth of the rows is kept', () => {
  assert.deepEqual([1, 120, 1000, 10_000].map(commitPositionsOf), [10_000, 10_000, 10_000, 100_000]);
});

test('a run with commits further apart was made by kept rows alone', () => {
  assert.equal(commitPositionsSeen([10_000, 14_000, 24_000], 120), 10_000);
  assert.equal(commitPositionsSeen([10_000, 24_001], 120), Infinity);
  assert.equal(commitPositionsSeen([], 120), 10_000);
});
