import type { RecordBatch } from 'apache-arrow';
import { type Observable, concatMap, lastValueFrom, takeWhile } from 'rxjs';
import type { ColumnValue } from '../arrow/columnType.js';
import { SEQ_INDEX_COLUMN } from '../arrow/columnType.js';
import { columnValues, hasColumn } from '../arrow/read.js';
import { sliceRows } from '../arrow/concat.js';
import { ScaleQuestError } from '../errors.js';
import { type Batch, assertTiles } from './batch.js';
import { commitPositionsOf, nextCut } from './commitCuts.js';
import type { Gate } from './gate.js';
import { answersOf } from './steps/answersOf.js';
import { cutText } from './steps/lostReply.js';
import { addCounts, assertRowsBalance, countEvents } from './rowCounts.js';
import { type LostRow, type RowEvent, type StateDelta, isDelta, isLost } from './rowEvents.js';

/** Where committed rows go; the run folder in a real run. Calls come one at a time. */
export interface CommitSink {
  /** Hands rows to the open shard; resolves when the writer can take more. */
  append(rows: RecordBatch): Promise<void>;
  /** Hands on what else became of finished rows, for the next commit; resolves when the writer can take more. */
  appendEvents(events: FinishedEvents): Promise<void>;
  /** Makes durable what was handed on since the last commit, and then the commit itself. */
  commit(commit: Commit): Promise<void>;
}

/** By position, so that files do not depend on how the rows were batched. */
export interface FinishedEvents {
  lost: readonly LostRow[];
  deltas: readonly StateDelta[];
}

/** Every source position below `next` is finished; its rows and events are in this commit or in an earlier one. */
export interface Commit {
  next: number;
  /** Rows kept in all commits up to this one. */
  kept: number;
  /** Rows lost and made, and choices left out, since the last commit: `step kind reason` → how many. */
  counts: Readonly<Record<string, number>>;
  done: boolean;
}

export interface CommitOptions {
  gate: Gate;
  sink: CommitSink;
  /** Kept rows a shard; it holds fewer where the run ends, or where a commit comes by `commitPositions`. */
  shardRows: number;
  /** A commit comes after this many source positions at the latest; see `commitPositionsOf`. */
  commitPositions?: number;
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
  /** Is told what became of the rows that are handed on: `step kind reason` → how many. */
  onEvents?: (counts: Readonly<Record<string, number>>) => void;
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
 * Consumes the stream and commits after every `shardRows` kept rows, or `commitPositions` source positions after the commit before,
 * whichever comes first: always at the end of a source position, so that files never depend on batch sizes or timing. A commit
 * without a kept row has no shard. Rows and events go to the sink as they come, and nothing is held here.
 * The watermark moves when a batch has been handed to the writer; if it waited until the batch is durable, a window shorter than a
 * shard would deadlock.
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
  const { commitPositions = commitPositionsOf(shardRows) } = options;
  const limits = { shardRows, commitPositions, target };
  const counts: Record<string, number> = {};
  let ownCounts: Record<string, number> = {};
  let next = from;
  let committedTo = from;
  let kept = keptBefore;
  let keptInShard = 0;
  let isStopped = false;

  async function take(batch: Batch): Promise<boolean> {
    assertTiles(next, batch, 'the sink');
    const events = [...batch.events].sort((a, b) => a.seq - b.seq);
    const seqs = columnValues(batch.rows, 'seq') as number[];
    // Where the first kept row is, so that giving up does not depend on where batches begin and end, or the run began again.
    if (kept === 0) assertReachable(seqs[0] ?? batch.hi, options);
    let start = 0;
    for (;;) {
      const cut = nextCut({ committedTo, kept, keptInShard }, limits, { seqs, start, hi: batch.hi });
      await appendRows(batch, start, cut.end);
      if (isStopped) return false;
      start = cut.end;
      const past = kept >= target ? pastTarget(batch, seqs, start, options) : [];
      await appendEvents([...takeBelow(events, cut.next), ...past]);
      if (isStopped) return false;
      if (!cut.isCommit) break;
      await commit(cut.next, kept >= target);
      if (isStopped) return false;
      if (kept >= target) return true;
    }
    next = batch.hi;
    gate.delivered(batch.hi, kept - keptBefore);
    options.onDelivered?.(batch.hi, kept);
    return false;
  }

  async function appendRows({ rows }: Batch, start: number, end: number): Promise<void> {
    if (end === start) return;
    await sink.append(sliceRows(rows, start, end));
    kept += end - start;
    keptInShard += end - start;
  }

  async function appendEvents(events: readonly RowEvent[]): Promise<void> {
    const eventCounts = countEvents(events);
    addCounts(ownCounts, eventCounts);
    if (events.length > 0) options.onEvents?.(eventCounts);
    const [lost, deltas] = [events.filter(isLost), events.filter(isDelta)];
    if (lost.length > 0 || deltas.length > 0) await sink.appendEvents({ lost, deltas });
  }

  async function commit(upTo: number, done: boolean): Promise<void> {
    await sink.commit({ next: upTo, kept, counts: ownCounts, done });
    addCounts(counts, ownCounts);
    ownCounts = {};
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

/** Takes the events of the positions below `next` from the front. */
function takeBelow(events: RowEvent[], next: number): RowEvent[] {
  const end = events.findIndex(({ seq }) => seq >= next);
  return events.splice(0, end < 0 ? events.length : end);
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
