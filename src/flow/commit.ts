import type { RecordBatch } from 'apache-arrow';
import { type Observable, concatMap, lastValueFrom, takeWhile } from 'rxjs';
import type { ColumnValue } from '../arrow/columnType.js';
import { SEQ_INDEX_COLUMN } from '../arrow/columns.js';
import { columnValues, hasColumn } from '../arrow/read.js';
import { sliceRows } from '../arrow/concat.js';
import { ScaleQuestError } from '../errors.js';
import { type Batch, type Delta, type LostRow, type SideEntry, assertTiles } from './batch.js';
import type { Gate } from './gate.js';

/** Where committed rows go; the run folder in a real run. Calls come one at a time. */
export interface CommitSink {
  /** Hands rows to the open shard; resolves when the writer has room for more. */
  append(rows: RecordBatch): Promise<void>;
  /** Makes the open shard and everything in `cut` durable, in that order. */
  commit(cut: Cut): Promise<void>;
}

/** A commit: every source position below `next` is finished, and its rows and entries are in it or in an earlier one. */
export interface Cut {
  next: number;
  /** Rows kept in all commits up to this one. */
  kept: number;
  /** By position, since the last cut; so that files do not depend on how the rows were batched. */
  lost: readonly LostRow[];
  deltas: readonly Delta[];
  /** Rows lost and made, and choices left out, since the last cut: `step kind reason` → how many. */
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
  /** With a target: give up when nothing at all was kept of this many positions. */
  giveUpRows?: number;
  from?: number;
  /** Rows kept by earlier commits of the same run. */
  keptBefore?: number;
  onDelivered?: (watermark: number, kept: number) => void;
}

export interface Totals {
  /** Source positions finished by this call. */
  positions: number;
  /** Rows kept in all commits of the run. */
  kept: number;
  /** Rows lost and made, and choices left out, in this call: `step kind reason` → how many. */
  counts: Record<string, number>;
}

/** Under which name the rows are counted that a target has no room for; they share their position with a kept one. */
export const TARGET_STEP = 'target';

/**
 * Drinks the stream: cuts it into shards by kept rows at a source position, so that files never depend on batch
 * sizes or timing, and moves the watermark when a batch has been handed to the writer (moving it only when it is
 * durable would deadlock any window shorter than a shard).
 */
export async function commitStream(source: Observable<Batch>, options: CommitOptions): Promise<Totals> {
  const { gate, sink, shardRows, target = Infinity, giveUpRows = 10_000, from = 0, keptBefore = 0 } = options;
  const counts: Record<string, number> = {};
  let next = from;
  let committedTo = from;
  let kept = keptBefore;
  let keptInShard = 0;
  let pending: SideEntry[] = [];
  let ended = false;
  let taking: Promise<boolean> = Promise.resolve(false);

  /** True when the target was reached. An error from above waits for the write under way, so that the caller may close the sink. */
  async function drink(): Promise<boolean> {
    const stream = source.pipe(
      concatMap((batch) => (taking = take(batch))),
      takeWhile((reached) => !reached, true),
    );
    try {
      return await lastValueFrom(stream, { defaultValue: false });
    } catch (error) {
      ended = true;
      await taking.catch(() => {});
      throw error;
    }
  }

  async function take(batch: Batch): Promise<boolean> {
    assertTiles(next, batch, 'the sink');
    for (const entry of batch.side) pending.push(entry);
    const seqs = columnValues(batch.rows, 'seq') as number[];
    giveUpIfNothingIsKept(seqs[0] ?? batch.hi);
    let start = 0;
    while (start < seqs.length && kept < target && !ended) {
      const wanted = Math.min(seqs.length, start + shardRows - keptInShard);
      const end = Math.min(endOfPosition(seqs, wanted), start + target - kept);
      await sink.append(sliceRows(batch.rows, start, end));
      kept += end - start;
      keptInShard += end - start;
      start = end;
      if (kept >= target) pending.push(...pastTarget(batch, seqs, end));
      if (keptInShard >= shardRows || kept >= target) await cut(seqs[end - 1]! + 1, kept >= target);
    }
    if (ended) return false;
    next = batch.hi;
    if (kept >= target) return true;
    gate.delivered(batch.hi, kept - keptBefore);
    options.onDelivered?.(batch.hi, kept);
    return false;
  }

  async function cut(upTo: number, done: boolean): Promise<void> {
    const side = pending.filter(({ seq }) => seq < upTo).sort((a, b) => a.seq - b.seq);
    pending = done ? [] : pending.filter(({ seq }) => seq >= upTo);
    const cutCounts = countSide(side);
    const lost = side.filter(isLost);
    const deltas = side.filter((entry) => entry.kind === 'delta');
    await sink.commit({ next: upTo, kept, lost, deltas, counts: cutCounts, done });
    for (const [key, rows] of Object.entries(cutCounts)) counts[key] = (counts[key] ?? 0) + rows;
    committedTo = upTo;
    keptInShard = 0;
  }

  /** `upTo`: where the first row is that was kept, wherever its batch begins and ends, or what has passed without one. */
  function giveUpIfNothingIsKept(upTo: number): void {
    if (target === Infinity || kept > 0 || upTo - from < giveUpRows) return;
    throw new ScaleQuestError(
      'ERR_TARGET_UNREACHABLE',
      `none of the first ${giveUpRows} rows was kept, expected ${target}. ` +
        'See in the report which step loses them; `scalequest preview` shows a few rows at every step.',
    );
  }

  if (!(await drink())) await cut(next, true);
  const positions = committedTo - from;
  assertSums(positions, kept - keptBefore, counts);
  return { positions, kept, counts };
}

/** Every row that went in, or was made, came out or was lost with a reason. */
function assertSums(positions: number, kept: number, counts: Readonly<Record<string, number>>): void {
  let made = 0;
  let lost = 0;
  for (const [key, rows] of Object.entries(counts)) {
    const kind = key.split(' ')[1];
    if (kind === MADE) made += rows;
    else if (kind !== LEFT_OUT) lost += rows;
  }
  if (positions + made === kept + lost) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `${positions} rows went in and ${made} were made, expected as many to come out, ` +
      `found ${kept} kept + ${lost} lost. An operator lost or doubled rows without saying so.`,
  );
}

function isLost(entry: SideEntry): entry is LostRow {
  return entry.kind === 'dropped' || entry.kind === 'rejected';
}

/** The word after the step, which has no spaces. */
const MADE = 'made';
const LEFT_OUT = 'leftOut';

function countSide(side: readonly SideEntry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const entry of side) {
    if (entry.kind === 'delta') continue;
    const { key, number } = countOf(entry);
    counts[key] = (counts[key] ?? 0) + number;
  }
  return counts;
}

function countOf(entry: Exclude<SideEntry, Delta>): { key: string; number: number } {
  const { kind, step } = entry;
  if (kind === 'made') return { key: `${step} ${MADE} rows`, number: entry.rows };
  return { key: `${step} ${kind} ${entry.reason}`, number: kind === LEFT_OUT ? entry.choices : 1 };
}

/** The rows from `end` on of the position that reached the target. */
function pastTarget({ rows }: Batch, seqs: readonly number[], end: number): LostRow[] {
  const lost: LostRow[] = [];
  const seq = seqs[end - 1]!;
  const text = (name: string, row: number): ColumnValue | null =>
    hasColumn(rows, name) ? columnValues(rows, name)[row]! : null;
  for (let row = end; row < seqs.length && seqs[row] === seq; row++) {
    const seqIndex = text(SEQ_INDEX_COLUMN.name, row) as number;
    const question = text('question', row) as string | null;
    const reason = 'pastTarget';
    lost.push({ kind: 'dropped', seq, seqIndex, step: TARGET_STEP, reason, message: '', question });
  }
  return lost;
}

/** The first index from `wanted` on at which another source position begins: rows of one position share a shard. */
function endOfPosition(seqs: readonly number[], wanted: number): number {
  let end = wanted;
  while (end > 0 && end < seqs.length && seqs[end] === seqs[end - 1]) end += 1;
  return end;
}
