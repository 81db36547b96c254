import assert from 'node:assert/strict';
import { tap } from 'rxjs';
import { columnValues, hasColumn } from '../../src/arrow/read.js';
import { SEQ_INDEX_COLUMN } from '../../src/arrow/columnType.js';
import type { Batch, BatchOperator } from '../../src/flow/batch.js';
import { hashBytes } from '../../src/io/files/atomicFile.js';
import type { CommitRecord } from '../../src/io/runFolder/manifest.js';
import { committedFiles } from '../../src/io/runFolder/commits.js';
import type { Plan, PlannedStep } from '../../src/pipeline/plan.js';

/** The invariants of a run (docs/architecture.md), as far as they can be seen from outside its parts. */

export interface Flow {
  plan: Plan;
  /** The same for what stands in the place of several steps; `at` is the first of them. */
  watch(operator: BatchOperator, label: string, at: number): BatchOperator;
  /** To be told of each delivery. */
  delivered(watermark: number): void;
}

/** The plan with a look at every batch between its steps. */
export function watchedPlan(plan: Plan, from: number): Flow {
  const { windowRows, batchRows } = plan.settings.source;
  const bound = Math.max(windowRows, batchRows);
  let watermark = from;

  function watch(real: BatchOperator, label: string, at: number): BatchOperator {
    const before = orderWatch(`before ${label}`, from);
    const after = orderWatch(`after ${label}`, from);
    return (source) =>
      source.pipe(
        tap((batch) => {
          before(batch);
          const ahead = batch.hi - watermark;
          if (at === 0)
            assert.ok(ahead <= bound, `bound: ${ahead} rows issued past the watermark, at most ${bound}`);
        }),
        real,
        tap(after),
      );
  }

  function watched(step: PlannedStep, at: number): PlannedStep {
    const operator = (
      input: unknown,
      context: Parameters<PlannedStep['spec']['operator']>[1],
    ): BatchOperator => watch(step.spec.operator(input, context), step.label, at);
    return { ...step, spec: { ...step.spec, operator } };
  }

  return {
    plan: { ...plan, steps: plan.steps.map(watched) },
    watch,
    delivered(next) {
      assert.ok(next >= watermark, `watermark: went back from ${watermark} to ${next}`);
      watermark = next;
    },
  };
}

/** Batches touch; rows ascend inside their range. Knows nothing before the first batch: a resumed source may start anywhere. */
function orderWatch(where: string, from: number): (batch: Batch) => void {
  let expected = from;
  return ({ lo, hi, rows }) => {
    assert.ok(
      lo === expected && hi > lo,
      `order: ${where} found [${lo}, ${hi}), expected it to start at ${expected}`,
    );
    expected = hi;
    const seqs = columnValues(rows, 'seq') as number[];
    const name = SEQ_INDEX_COLUMN.name;
    const indices = hasColumn(rows, name) ? (columnValues(rows, name) as number[]) : null;
    for (const [at, seq] of seqs.entries()) {
      assert.ok(seq >= lo && seq < hi, `order: ${where} found row ${seq} in [${lo}, ${hi})`);
      if (at === 0) continue;
      const before = seqs[at - 1]!;
      const isAfter = seq > before || (indices && seq === before && indices[at]! > indices[at - 1]!);
      assert.ok(isAfter, `order: ${where} found row ${seq} after ${before}`);
    }
  };
}

/** What a run folder is known to have promised. */
export interface Promised {
  /** Manifest lines that no power cut may take: a run told of their commit, or of going on behind it. */
  lines: string[];
  /** Those that were there before the attempt: only a power cut may take what of them was not promised. */
  seen: string[];
}

export function nothingPromised(): Promised {
  return { lines: [], seen: [] };
}

const decoder = new TextDecoder();

function textOf(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  return decoder.decode(files.get(name) ?? new Uint8Array());
}

function manifestLines(files: ReadonlyMap<string, Uint8Array>): string[] {
  return wholeLines(textOf(files, 'manifest.jsonl'));
}

/** When a run says that it has committed, goes on behind a commit or is complete: what the manifest tells now stays. */
export function noteAcknowledged(files: ReadonlyMap<string, Uint8Array>, promised: Promised): void {
  const lines = manifestLines(files);
  assertStays(lines, promised.lines);
  promised.lines = lines;
}

/** The watermark of what is promised. */
export function nextOf({ lines }: Promised): number {
  return lines.length > 1 ? (JSON.parse(lines.at(-1)!) as CommitRecord).next : 0;
}

/** When the power is cut: a line whose flush failed, or had not come back, was told to nobody and may be gone. */
export function forgetSeen(promised: Promised): void {
  promised.seen = promised.lines;
}

function assertStays(lines: readonly string[], before: readonly string[]): void {
  assert.deepEqual(lines.slice(0, before.length), before, 'committed: the manifest was rewritten');
}

/** What is in the folder now against what was promised; gives the commits. */
export function checkFolder(files: ReadonlyMap<string, Uint8Array>, promised: Promised): CommitRecord[] {
  const lines = manifestLines(files);
  assertStays(lines, promised.lines);
  assertStays(lines, promised.seen);
  const commits = lines.slice(1).map((line) => JSON.parse(line) as CommitRecord);
  for (const { file, bytes, sha256 } of committedFiles(commits)) {
    const found = files.get(file);
    assert.ok(found, `committed: ${file} is gone`);
    assert.equal(found.length, bytes, `committed: size of ${file}`);
    assert.equal(hashBytes(found), sha256, `committed: ${file} changed`);
  }
  checkSums(commits);
  promised.seen = lines;
  return commits;
}

/** Without a last line that a crash has torn. */
function wholeLines(text: string): string[] {
  const lines = text.split('\n');
  const torn = lines.pop()!;
  if (torn === '' && lines.length > 0 && !isJson(lines.at(-1)!)) lines.pop();
  for (const line of lines) assert.ok(isJson(line), `committed: a line of the manifest is no JSON: ${line}`);
  return lines;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Every row that went in or was made is kept, dropped or rejected, in each commit and in its files. */
function checkSums(commits: readonly CommitRecord[]): void {
  let [next, kept, balance] = [0, 0, 0];
  for (const commit of commits) {
    assert.ok(commit.next >= next && commit.kept >= kept, 'sums: a commit goes back');
    let [made, lost] = [0, 0];
    for (const [key, rows] of Object.entries(commit.counts)) {
      const kind = key.split(' ')[1];
      if (kind === 'made') made += rows;
      else if (kind !== 'leftOut') lost += rows;
    }
    balance += commit.next - next + made - (commit.kept - kept) - lost;
    assert.equal(balance, 0, `sums: ${balance} rows are missing in commit ${commit.index}`);
    assert.equal(commit.shard?.rows ?? 0, commit.kept - kept, `sums: rows of shard ${commit.index}`);
    assert.equal(commit.rejects?.rows ?? 0, lost, `sums: rows of rejects table ${commit.index}`);
    [next, kept] = [commit.next, commit.kept];
  }
}

/** Says what was measured or when, and so differs from run to run. */
const MEASURED = ['log.jsonl', 'performance.json'];

/** The files of the run, as hashes. */
export function dataOf(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  const names = [...files.keys()].filter((name) => !MEASURED.includes(name)).sort();
  return Object.fromEntries(names.map((name) => [name, hashBytes(files.get(name)!)]));
}
