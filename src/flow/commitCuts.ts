/** Where commits come: a function of the kept rows and their positions alone, never of batches or timing. */

export interface CommitLimits {
  /** Kept rows a shard. */
  shardRows: number;
  /** A commit comes after this many source positions at the latest. */
  commitPositions: number;
  /** Ends the run at this many kept rows; may be Infinity. */
  target: number;
}

/**
 * The source positions after which a commit comes, however few rows were kept: ten times the rows of a shard, so that shards are
 * full where at least a tenth of the rows is kept, and never so few that commits would cost a run much.
 */
export function commitPositionsOf(shardRows: number): number {
  return Math.max(10_000, 10 * shardRows);
}

/** The same for a run whose commits ended at these positions: older versions made commits by kept rows alone. */
export function commitPositionsSeen(ends: readonly number[], shardRows: number): number {
  const usual = commitPositionsOf(shardRows);
  return ends.some((end, at) => end - (ends[at - 1] ?? 0) > usual) ? Infinity : usual;
}

/** How far a run is. */
export interface CommitProgress {
  /** The first position that no commit covers. */
  committedTo: number;
  /** Rows kept in all. */
  kept: number;
  /** Rows kept since the last commit. */
  keptInShard: number;
}

/** What goes on together. */
export interface Cut {
  /** The index behind the last of the rows. */
  end: number;
  /** The position behind them. */
  next: number;
  /** Whether a commit comes behind them. */
  isCommit: boolean;
}

/**
 * How many of a batch's rows from the index `start` on go on before the next commit. `seqs`: their positions, ascending; `hi`: where
 * the batch ends. A commit comes at the end of a position: its rows share a shard, but for those behind the target.
 */
export function nextCut(
  { committedTo, kept, keptInShard }: CommitProgress,
  { shardRows, commitPositions, target }: CommitLimits,
  { seqs, start, hi }: { seqs: readonly number[]; start: number; hi: number },
): Cut {
  const latest = committedTo + commitPositions;
  const isDue = latest <= hi;
  const last = isDue ? indexOf(latest, seqs, start) : seqs.length;
  const wanted = Math.min(last, start + shardRows - keptInShard);
  const end = Math.min(endOfPosition(seqs, wanted), start + target - kept);
  const keptNow = end - start;
  const isFull = keptNow > 0 && (keptInShard + keptNow >= shardRows || kept + keptNow >= target);
  if (isFull) return { end, next: seqs[end - 1]! + 1, isCommit: true };
  return { end, next: isDue ? latest : hi, isCommit: isDue };
}

/** The index from `start` on of the first row at `position` or behind it. */
function indexOf(position: number, seqs: readonly number[], start: number): number {
  let index = start;
  while (index < seqs.length && seqs[index]! < position) index += 1;
  return index;
}

/** The first index from `wanted` on at which another source position begins. */
function endOfPosition(seqs: readonly number[], wanted: number): number {
  let end = wanted;
  while (end > 0 && end < seqs.length && seqs[end] === seqs[end - 1]) end += 1;
  return end;
}
