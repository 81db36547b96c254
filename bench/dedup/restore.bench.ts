import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { type Observable, from, lastValueFrom, toArray } from 'rxjs';
import { fromRows } from '../../src/flow/fromRows.js';
import type { Batch } from '../../src/flow/batch.js';
import { isDelta } from '../../src/flow/rowEvents.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { committedStateOf } from '../../src/io/runFolder/commits.js';
import type { CommitRecord } from '../../src/io/runFolder/manifest.js';
import { openStateWriter } from '../../src/io/runFolder/state/stateFile.js';
import type { StateEntry } from '../../src/io/runFolder/state/stateFrames.js';
import { deduplicate } from '../../src/operators/deduplicate.js';
import { createContext } from '../../src/run/open/createContext.js';
import { flag } from '../figures.js';
import { madeQuestions } from './texts.js';

/**
 * What it takes to restore the state of `deduplicate` where a run goes on: the CPU of all threads, until the first row behind it is
 * decided. To compare two builds, run the file in each by turns.
 *   node dist/bench/dedup/restore.bench.js [--questions=200000] [--rounds=3]
 */

const questions = flag('questions', 200_000);
const rounds = flag('rounds', 3);
/** Positions of a commit, and so of a state file. */
const COMMIT_ROWS = 20_000;
const BATCH_ROWS = 512;
const OPTIONS = { similarityMin: 0.7 };

const folder = mkdtempSync(join(tmpdir(), 'scalequest-restore-'));
try {
  const commits = await writeStates();
  const entries = commits.reduce((sum, { state }) => sum + state!.rows, 0);
  console.log(`${process.version}; ${questions} questions, of which ${entries} passed`);
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await restore(commits);
    const { user, system } = process.cpuUsage(before);
    console.log(`${((user + system) / entries).toFixed(2)} us of CPU a question that passed`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function streamOf(texts: readonly string[]): Observable<Batch<{ question: string | null }>> {
  const read = fromRows(
    { question: 'string' },
    texts.map((question) => ({ question })),
  );
  function* batches(): Generator<Batch<{ question: string | null }>> {
    for (let lo = 0; lo < texts.length; lo += BATCH_ROWS) {
      const rows = read(lo, BATCH_ROWS) as RecordBatch;
      yield { lo, hi: lo + rows.numRows, rows, events: [] };
    }
  }
  return from(batches());
}

/** The states that a run of these questions commits. */
async function writeStates(): Promise<CommitRecord[]> {
  const context = createContext({ seed: 1, models: {} });
  const passed = streamOf(madeQuestions(questions)).pipe(deduplicate(OPTIONS, context), toArray());
  const batches = await lastValueFrom(passed);
  const deltas = batches.flatMap(({ events }) => events.filter(isDelta));
  const commits: CommitRecord[] = [];
  for (let lo = 0; lo < questions; lo += COMMIT_ROWS) {
    const next = Math.min(questions, lo + COMMIT_ROWS);
    const own = deltas.filter(({ seq }) => seq >= lo && seq < next);
    commits.push(await writeState(commits.length, next, own));
  }
  return commits;
}

async function writeState(index: number, next: number, own: readonly StateEntry[]): Promise<CommitRecord> {
  const file = `state-${index}.gz`;
  const writer = openStateWriter(nodeFiles, join(folder, file));
  await writer.write(own);
  const state = { file, ...(await writer.finish())! };
  return { kind: 'commit', index, next, kept: 0, shard: null, rejects: null, state, counts: {}, done: false };
}

async function restore(commits: CommitRecord[]): Promise<void> {
  const run = { path: folder, manifest: { content: { commits } } } as never;
  const context = createContext({ seed: 1, models: {} });
  const restored = (step: string) => committedStateOf(nodeFiles, run, step);
  const row = streamOf(['Why?']).pipe(deduplicate(OPTIONS, { ...context, restored }), toArray());
  const [batch] = await lastValueFrom(row);
  if (batch!.rows.numRows !== 1) throw new Error('expected the row to pass');
}
