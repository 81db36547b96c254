import type { RecordBatch } from 'apache-arrow';
import { type Observable, concatMap, lastValueFrom, takeWhile } from 'rxjs';
import type { ColumnValue } from '../arrow/columnType.js';
import { SEQ_INDEX_COLUMN } from '../arrow/columnType.js';
import { columnValues, hasColumn } from '../arrow/read.js';
import { sliceRows } from '../arrow/concat.js';
import { ScaleQuestError } from '../errors.js';
import { type Batch, assertTiles } from './batch.js';
import type { Gate } from './gate.js';
import { answersOf } from './steps/answersOf.js';
import { cutText } from './steps/lostReply.js';
import { addCounts, assertRowsBalance, countEvents } from './rowCounts.js';
import { type LostRow, type RowEvent, type StateDelta, isDelta, isLost } from './rowEvents.js';

/** Where committed rows go; the run folder in a real run. Calls come one at a time. */
export interface CommitSink {
  /** Hands rows to the open shard; resolves when the writer can take more. */
  append(rows: RecordBatch): Promise<void>;
  /** Makes the open shard and then everything in `commit` durable. */
  commit(commit: Commit): Promise<void>;
}

/** Every source position below `next` is finished; its rows and events are in this commit or in an earlier one. */
export interface Commit {
  next: number;
  /** Rows kept in all commits up to this one. */
  kept: number;
  /** Since the last commit, by position, so that files do not depend on how the rows were batched. */
  lost: readonly LostRow[];
  deltas: readonly StateDelta[];
  /** Rows lost and made, and choices left out, since the last commit: `step kind reason` → how many. */
  counts: Readonly<Record<string, number>>;
  done: boolean;
}

export interface CommitOptions {
  gate: Gate;
  sink: CommitSink;
  /** Kept rows a shard; the last one may hold fewer. */
  shardRows: number;
  /** Ends the run at exactly this many kept rows. */
  target?: number | undefined;
  /** The most characters of a reply that a lost row holds. */
  lostReplyCharsMax?: number | undefined;
  /** With a target: give up when none of this many positions was kept. */
  giveUpRows?: number;
  from?: number;
  /** Rows kept by earlier commits of the same run. */
  keptBefore?: number;
  onDelivered?: (watermark: number, kept: number) => void;
}

/** What a stream came to. */
export interface Totals {
  /** Source positions finished by this call. */
  positions: number;
  /** Rows kept in all commits of the run. */
  kept: number;
  /** Rows lost and made, and choices left out, in this call: `step kind reason` → how many. */
  counts: Record<string, number>;
}

/** Counts the rows that a target leaves no place for, though another row of their position was kept. */
export const TARGET_STEP = 'target';

/**
 * Consumes the stream and commits a shard after every `shardRows` kept rows, always at the end of a source position, so that
 * files never depend on batch sizes or timing. The watermark moves when a batch has been handed to the writer; if it waited
 * until the batch is durable, a window shorter than a shard would deadlock.
 */
export async function commitShards(source: Observable<Batch>, options: CommitOptions): Promise<Totals> {
  const { from = 0, keptBefore = 0 } = options;
  const committer = createCommitter(options);
  if (!(await consume(source, committer))) await committer.commitRest();
  const { committedTo, kept, counts } = committer.committed();
  const positions = committedTo - from;
  assertRowsBalance(positions, kept - keptBefore, counts);
  return { positions, kept, counts };
}

/**
 * True when the target was reached. An error in the stream waits for the write in progress, so that the caller may close the
 * sink.
 */
async function consume(source: Observable<Batch>, { take, stop }: Committer): Promise<boolean> {
  let taking: Promise<boolean> = Promise.resolve(false);
  const stream = source.pipe(
    concatMap((batch) => (taking = take(batch))),
    takeWhile((isReached) => !isReached, true),
  );
  try {
    return await lastValueFrom(stream, { defaultValue: false });
  } catch (error) {
    stop();
    await taking.catch(() => {});
    throw error;
  }
}

interface Committer {
  /** True when the target is reached. */
  take(batch: Batch): Promise<boolean>;
  /** Commits what came since the last commit; the run is done. */
  commitRest(): Promise<void>;
  /** Nothing more is appended. */
  stop(): void;
  committed(): { committedTo: number; kept: number; counts: Record<string, number> };
}

function createCommitter(options: CommitOptions): Committer {
  const { gate, sink, shardRows, target = Infinity, from = 0, keptBefore = 0 } = options;
  const counts: Record<string, number> = {};
  let next = from;
  let committedTo = from;
  let kept = keptBefore;
  let keptInShard = 0;
  let pending: RowEvent[] = [];
  let isStopped = false;

  async function take(batch: Batch): Promise<boolean> {
    assertTiles(next, batch, 'the sink');
    for (const event of batch.events) pending.push(event);
    const seqs = columnValues(batch.rows, 'seq') as number[];
    // Where the first kept row is, so that giving up does not depend on where batches begin and end.
    if (kept === 0) assertReachable((seqs[0] ?? batch.hi) - from, options);
    let start = 0;
    while (start < seqs.length && kept < target && !isStopped) {
      const wanted = Math.min(seqs.length, start + shardRows - keptInShard);
      const end = Math.min(endOfPosition(seqs, wanted), start + target - kept);
      await sink.append(sliceRows(batch.rows, start, end));
      kept += end - start;
      keptInShard += end - start;
      start = end;
      if (kept >= target) pending.push(...pastTarget(batch, seqs, end, options));
      if (keptInShard >= shardRows || kept >= target) await commit(seqs[end - 1]! + 1, kept >= target);
    }
    if (isStopped) return false;
    next = batch.hi;
    if (kept >= target) return true;
    gate.delivered(batch.hi, kept - keptBefore);
    options.onDelivered?.(batch.hi, kept);
    return false;
  }

  async function commit(upTo: number, done: boolean): Promise<void> {
    const events = pending.filter(({ seq }) => seq < upTo).sort((a, b) => a.seq - b.seq);
    pending = done ? [] : pending.filter(({ seq }) => seq >= upTo);
    const own = countEvents(events);
    const deltas = events.filter(isDelta);
    await sink.commit({ next: upTo, kept, lost: events.filter(isLost), deltas, counts: own, done });
    addCounts(counts, own);
    committedTo = upTo;
    keptInShard = 0;
  }

  return {
    take,
    commitRest: () => commit(next, true),
    stop: () => void (isStopped = true),
    committed: () => ({ committedTo, kept, counts }),
  };
}

/** Throws ERR_TARGET_UNREACHABLE when so many positions have passed and none of their rows was kept. */
function assertReachable(passed: number, { target, giveUpRows = 10_000 }: CommitOptions): void {
  if (target === undefined || passed < giveUpRows) return;
  throw new ScaleQuestError(
    'ERR_TARGET_UNREACHABLE',
    `none of the first ${giveUpRows} rows was kept, expected ${target}. ` +
      'See in the report which step loses them; `scalequest preview` shows a few rows at every step.',
  );
}

/** The rows from `end` on of the position that reached the target. */
function pastTarget(
  { rows }: Batch,
  seqs: readonly number[],
  end: number,
  { lostReplyCharsMax = Infinity }: CommitOptions,
): LostRow[] {
  const lost: LostRow[] = [];
  const answerOf = answersOf({ rows });
  const seq = seqs[end - 1]!;
  const valueAt = (name: string, row: number): ColumnValue | null =>
    hasColumn(rows, name) ? columnValues(rows, name)[row]! : null;
  for (let row = end; row < seqs.length && seqs[row] === seq; row++) {
    const seqIndex = valueAt(SEQ_INDEX_COLUMN.name, row) as number;
    const question = valueAt('question', row) as string | null;
    const reason = 'pastTarget';
    const answer = answerOf(row);
    const reply = answer === null ? null : cutText(answer, lostReplyCharsMax);
    lost.push({ kind: 'dropped', seq, seqIndex, step: TARGET_STEP, reason, message: '', question, reply });
  }
  return lost;
}

/** The first index from `wanted` on at which another source position begins: rows of one position share a shard. */
function endOfPosition(seqs: readonly number[], wanted: number): number {
  let end = wanted;
  while (end > 0 && end < seqs.length && seqs[end] === seqs[end - 1]) end += 1;
  return end;
}
