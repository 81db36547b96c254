import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { readWhole } from '../../src/io/files/files.js';
import { openText } from '../../src/io/files/seal.js';
import type { CommitRecord } from '../../src/io/runFolder/manifest.js';
import { committedFiles } from '../../src/io/runFolder/commits.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { deriveSeed, deriveUniform } from '../../src/random.js';
import {
  type CrashKind,
  type CrashingFiles,
  type Operation,
  crashingFiles,
} from '../helpers/files/crashingFiles.js';
import {
  FIRST_KNOBS,
  type Knobs,
  type PipelineName,
  RUN_FOLDER,
  dataOf,
  drawKnobs,
  planOf,
  runOn,
  textOf,
} from './simulatedWorld.js';

export interface SimulatedSeries {
  pipeline: PipelineName;
  seed: number;
  /** Every so many-th call to the file system is tried, from a drawn one on. */
  stride: number;
}

export interface SimulatedCounts {
  /** Calls of one unbroken run that change something. */
  calls: number;
  kills: number;
  powerCuts: number;
  /** Crashes of a run that went on after a crash. */
  again: number;
  commits: number;
}

/** Where a run ends: before the call of this number, or in the middle of it where it can be cut. */
interface CrashPoint {
  kind: CrashKind;
  call: number;
  seed: number;
}

type Folder = ReadonlyMap<string, Uint8Array>;

const KINDS: readonly CrashKind[] = ['process', 'machine'];

/**
 * Ends a run at its calls to the file system, one after the other, looks at what is left, goes on under other knobs, ends
 * some of those again, and compares each end with the unbroken run's. Throws at the first difference.
 */
export async function crashEverywhere({ pipeline, seed, stride }: SimulatedSeries): Promise<SimulatedCounts> {
  const plan = await planOf(pipeline);
  const unbroken = await unbrokenRun(plan);
  const counts = { calls: unbroken.calls, kills: 0, powerCuts: 0, again: 0, commits: unbroken.commits };
  for (let call = deriveSeed(seed, 'first', 0) % stride; call < unbroken.calls; call += stride) {
    for (const kind of KINDS) {
      const first: CrashPoint = { kind, call, seed: deriveSeed(seed, kind, call) };
      const crashes = [first];
      if (first.seed % 3 > 0) crashes.push(secondPoint(first, unbroken.calls));
      const happened = await crashAndCompare(plan, crashes, unbroken.data, pipeline);
      counts[kind === 'process' ? 'kills' : 'powerCuts'] += 1;
      counts.again += happened - 1;
    }
  }
  return counts;
}

/** It may lie beyond the end of the run that went on: then nothing happens. */
function secondPoint({ seed }: CrashPoint, calls: number): CrashPoint {
  return {
    kind: KINDS[seed % 2]!,
    call: Math.floor(deriveUniform(seed, 'again', 0) ** 2 * calls),
    seed: deriveSeed(seed, 'again', 1),
  };
}

export async function unbrokenRun(plan: Plan): Promise<{ calls: number; commits: number; data: Folder }> {
  let calls = 0;
  const files = crashingFiles((operation) => {
    if (changesSomething(operation)) calls += 1;
    return null;
  });
  await runOn(files, plan, FIRST_KNOBS);
  return { calls, commits: commitsIn(files).length, data: dataOf(files) };
}

/** The number of crashes that happened. */
async function crashAndCompare(
  plan: Plan,
  crashes: readonly CrashPoint[],
  wanted: Folder,
  name: string,
): Promise<number> {
  let next: CrashPoint | undefined;
  let calls = 0;
  const files = crashingFiles((operation) => {
    if (!next || !changesSomething(operation) || calls++ < next.call) return null;
    return { kind: 'crash', bytesWritten: next.seed % 2 === 0 ? operation.bytes >> 1 : 0 };
  });
  const path: string[] = [name];
  let knobs: Knobs = FIRST_KNOBS;
  let happened = 0;
  try {
    for (next of crashes) {
      calls = 0;
      path.push(`${next.kind} crash at call ${next.call}`);
      await runOn(files, plan, knobs).catch((error: unknown) => {
        if (!files.isCrashed) throw error;
      });
      if (!files.isCrashed) break;
      happened += 1;
      restartAndCheck(files, next, wanted);
      knobs = drawKnobs(next.seed);
    }
    next = undefined;
    path.push('went on');
    await runOn(files, plan, knobs);
    assert.equal(files.openHandles, 0, 'files were left open');
    assertSameFolder(dataOf(files), wanted);
    return happened;
  } catch (error) {
    throw new Error(`${path.join(', ')}: ${(error as Error).message}`, { cause: error });
  }
}

export function changesSomething({ kind }: Pick<Operation, 'kind'>): boolean {
  return !['read', 'readdir', 'stat', 'close'].includes(kind);
}

/** Checks what a crash leaves: whole files under their names, and every commit that was acknowledged. */
function restartAndCheck(files: CrashingFiles, { kind, seed }: CrashPoint, wanted: Folder): void {
  const told = textOf(files, 'log.jsonl').split('"event":"committed"').length - 1;
  let draws = 0;
  files.restart(kind, () => deriveUniform(seed, 'lost', draws++));
  const found = dataOf(files);
  for (const [path, bytes] of found) {
    if (/\.(tmp|takeover)$/.test(path) || path === 'manifest.jsonl') continue;
    if (path === 'README.md') {
      assert.ok(openText(Buffer.from(bytes).toString()).isWhole, `${path} is there, but not whole`);
      continue;
    }
    assert.ok(isSame(bytes, wanted.get(path)), `${path} is there, but not whole`);
  }
  const commits = commitsIn(files);
  assert.ok(commits.length >= told, `found ${commits.length} commits, though ${told} were told of`);
  for (const { shard, rejects, state } of commits) {
    for (const file of [shard, rejects, state])
      if (file) assert.ok(found.has(file.file), `the manifest names ${file.file}, which is not there`);
  }
}

export function assertSameFolder(found: Folder, wanted: Folder): void {
  assert.deepEqual(
    [...found.keys()].sort(),
    [...wanted.keys()].sort(),
    'other files than the unbroken run has',
  );
  for (const [path, bytes] of found)
    assert.ok(isSame(bytes, wanted.get(path)), `${path} has other bytes than in the unbroken run`);
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}

/** Commits in the whole lines of a manifest. */
export function commitsIn(files: CrashingFiles): CommitRecord[] {
  const lines = textOf(files, 'manifest.jsonl').split('\n').slice(1, -1);
  return lines.flatMap((line): CommitRecord[] => {
    try {
      return [JSON.parse(line) as CommitRecord];
    } catch {
      return [];
    }
  });
}

/**
 * A server that answers otherwise after each crash, as real ones do: the same bytes cannot be had, but every row must still be
 * there once, and what was committed must stay.
 */
export async function crashWithOtherReplies({
  pipeline,
  seed,
  stride,
}: SimulatedSeries): Promise<{ crashes: number }> {
  const plan = await planOf(pipeline);
  const { calls } = await unbrokenRun(plan);
  let crashes = 0;
  for (let call = deriveSeed(seed, 'first', 1) % stride; call < calls; call += stride) {
    let seen = 0;
    const files = crashingFiles((operation) =>
      changesSomething(operation) && seen++ === call ? { kind: 'crash' } : null,
    );
    try {
      await runOn(files, plan, FIRST_KNOBS).catch(() => {});
      files.restart('process', () => 0);
      const committed = committedFiles(commitsIn(files)).map(({ file }) => [file, dataOf(files).get(file)]);
      const knobs = drawKnobs(deriveSeed(seed, 'otherReplies', call));
      await runOn(files, plan, { ...knobs, repliesSeed: 1 + call });
      const found = dataOf(files);
      for (const [file, bytes] of committed)
        assert.equal(found.get(file as string), bytes, `${file} was changed`);
      await assertEveryRowOnce(files);
      crashes += 1;
    } catch (error) {
      throw new Error(`${pipeline}, other replies after call ${call}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return { crashes };
}

/** Every source position is in one kept row or more, or in one lost one; no file is there that no commit names. */
export async function assertEveryRowOnce(files: CrashingFiles): Promise<void> {
  const commits = commitsIn(files);
  const named = committedFiles(commits).map(({ file }) => file);
  const there = [...dataOf(files).keys()].filter((path) => /^(shards|rejects|state)\//.test(path));
  assert.deepEqual(there.sort(), named.sort(), 'the folder holds other files than the manifest names');
  const kept = await rowsIn(files, 'shards');
  const lost = await rowsIn(files, 'rejects');
  const rows = [...kept, ...lost];
  assert.equal(new Set(rows).size, rows.length, 'a row is there twice');
  const seqs = new Set(rows.map((row) => Number(row.split('.')[0])));
  const { next, kept: keptRows } = commits.at(-1)!;
  assert.equal(kept.length, keptRows, 'the manifest counts other rows than the shards hold');
  assert.deepEqual(
    [...seqs].sort((a, b) => a - b),
    Array.from({ length: next }, (_, seq) => seq),
    'a row is lost',
  );
}

/** `seq.seqIndex` of each row. */
async function rowsIn(files: CrashingFiles, folder: 'shards' | 'rejects'): Promise<string[]> {
  const paths = (await files.readdir(join(RUN_FOLDER, folder))).map((name) => join(RUN_FOLDER, folder, name));
  const rows: string[] = [];
  for (const path of paths) {
    const table = await parquetReadObjects({
      file: (await readWhole(files, path)).slice().buffer,
      compressors,
    });
    for (const { seq, seqIndex = 0 } of table as { seq: number; seqIndex?: number }[])
      rows.push(`${seq}.${seqIndex}`);
  }
  return rows;
}
