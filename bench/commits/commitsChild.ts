import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { of, lastValueFrom } from 'rxjs';
import { buildRows } from '../../src/arrow/build.js';
import { SEQ_COLUMN, type Column } from '../../src/arrow/columnType.js';
import { type CommittedDeltas, forEachDelta } from '../../src/flow/committedDeltas.js';
import type { SourceRows } from '../../src/flow/gate.js';
import { mapRows } from '../../src/flow/steps/mapRows.js';
import { KEEP, drop } from '../../src/flow/steps/outcome.js';
import { scanRows } from '../../src/flow/steps/scanRows.js';
import { hashFile } from '../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { committedStateOf } from '../../src/io/runFolder/commits.js';
import { type Manifest, readManifest } from '../../src/io/runFolder/manifest.js';
import { openStateWriter, readStates } from '../../src/io/runFolder/state/stateFile.js';
import { deduplicate } from '../../src/operators/deduplicate.js';
import { createContext } from '../../src/run/open/createContext.js';
import { writeShards } from '../../src/run/writeShards.js';

/** One measurement in a process of its own: `node commitsChild.js none|all|write|read|deduplicate|resume COUNT FOLDER`. */

export interface CommitFigures {
  count: number;
  /** Peak, looked at every 100 ms. How far it is above `heldMiB` is the garbage collector's to choose. */
  anonymousMiB: number;
  /** The same after a collection, one every second. */
  heldMiB: number;
  /** User and system, all threads. */
  cpuMs: number;
  /** The longest that the event loop came back late. */
  heldMs: number;
  commits: number;
}

const QUESTION: Column = { name: 'question', type: 'string', help: 'a question' };
const BATCH = 32;

const [kind, countText, folder] = process.argv.slice(2) as [string, string, string];
const count = Number(countText);
const state = join(folder, 'state.bin');
const deduplicated = join(folder, 'deduplicated');
const ALIKE = { similarityMin: 0.7 };

const delay = monitorEventLoopDelay({ resolution: 5 });
let [anonymousKiB, heldKiB] = [0, 0];
const looking = setInterval(look, 100);
const collecting = setInterval(collect, 1000);
delay.enable();
const startedCpu = process.cpuUsage();
const commits = await measured();
look();
collect();
clearInterval(looking);
clearInterval(collecting);
delay.disable();
const { user, system } = process.cpuUsage(startedCpu);
const figures: CommitFigures = {
  count,
  anonymousMiB: anonymousKiB / 1024,
  heldMiB: heldKiB / 1024,
  cpuMs: (user + system) / 1000,
  heldMs: delay.max / 1e6 - 5,
  commits,
};
process.stdout.write(JSON.stringify(figures));

function look(): void {
  anonymousKiB = Math.max(anonymousKiB, anonymousNow());
}

function collect(): void {
  globalThis.gc?.();
  heldKiB = Math.max(heldKiB, anonymousNow());
}

function anonymousNow(): number {
  const [, kib] = /RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib);
}

async function measured(): Promise<number> {
  if (kind === 'write') return writeState();
  if (kind === 'read') return readState();
  if (kind === 'deduplicate') return deduplicateRows();
  if (kind === 'resume') return deduplicateAnew();
  return runRows(kind === 'all');
}

function questionOf(seq: number): string {
  const [a, b] = [(seq * 7919) % 10_007, (seq * 104_729) % 10_009];
  return (
    `A farm number ${seq} has ${a} hens and ${b} ducks, and each of them eats ${seq % 17} grains on day ${seq % 365}. ` +
    `How many grains do they eat together, if ${a % 13} hens are sold to the neighbour before noon?`
  );
}

function read(lo: number, rowsMax: number): SourceRows<{ question: string }> | null {
  const rows = Math.min(rowsMax, count - lo);
  if (rows <= 0) return null;
  const seqs = Array.from({ length: rows }, (_, at) => lo + at);
  return buildRows([SEQ_COLUMN, QUESTION], [seqs, seqs.map(questionOf)], rows);
}

/** Rows pass a filter, and a step that adds to its state at each row; the state itself stays small. */
async function runRows(areKept: boolean): Promise<number> {
  const path = join(folder, `run-${kind}-${count}`);
  const counted = scanRows(
    { step: 'counted', reads: { question: 'string' }, writes: [] },
    {
      init: () => ({ chars: 0 }),
      decide: (_state, { question }) => ({ outcome: KEEP, delta: question }),
      apply: (sums, question: string) => void (sums.chars += question.length),
    },
  );
  const filtered = mapRows({ step: 'filtered', reads: { question: 'string' }, writes: [] }, ({ question }) =>
    areKept ? KEEP : drop('unwanted', `found ${question.length} characters`),
  );
  await writeShards(
    {
      folder: path,
      identity: 'bench',
      name: 'bench',
      seed: 7,
      columns: [SEQ_COLUMN, QUESTION],
      read,
      batchRows: BATCH,
    },
    (source) => source.pipe(counted, filtered),
  );
  return (await readManifest(nodeFiles, join(path, 'manifest.jsonl'))).commits.length;
}

async function writeState(): Promise<number> {
  const writer = openStateWriter(nodeFiles, state);
  for (let lo = 0; lo < count; lo += BATCH) {
    const rows = Math.min(BATCH, count - lo);
    await writer.write(
      Array.from({ length: rows }, (_, at) => ({ seq: lo + at, step: 's', value: questionOf(lo + at) })),
    );
  }
  await writer.finish();
  return 1;
}

async function* valuesIn(): AsyncGenerator<readonly unknown[]> {
  const { sha256 } = (await hashFile(nodeFiles, state))!;
  for await (const { values } of readStates(nodeFiles, [{ path: state, sha256 }], 's')) yield values;
}

async function readState(): Promise<number> {
  let chars = 0;
  await forEachDelta(valuesIn(), (value) => (chars += (value as string).length));
  if (chars < 100 * count) throw new Error(`found ${chars} characters`);
  return 1;
}

/** A run that keeps the first of all questions that are alike. */
async function deduplicateRows(): Promise<number> {
  const context = createContext({ seed: 7, models: {} });
  const columns = [SEQ_COLUMN, QUESTION] as const;
  await writeShards(
    {
      ...{ folder: deduplicated, identity: 'bench', name: 'bench', seed: 7, columns },
      read,
      batchRows: BATCH,
    },
    (source, restored) => source.pipe(deduplicate(ALIKE, { ...context, restored })),
  );
  return (await readManifest(nodeFiles, join(deduplicated, 'manifest.jsonl'))).commits.length;
}

/** That run goes on: its first row waits until what was kept before is in memory again. */
async function deduplicateAnew(): Promise<number> {
  const content = await readManifest(nodeFiles, join(deduplicated, 'manifest.jsonl'));
  const run = { path: deduplicated, manifest: { content } as Manifest };
  const restored = (step: string): CommittedDeltas => committedStateOf(nodeFiles, run, step);
  const context = createContext({ seed: 7, models: {}, restored });
  const rows = buildRows([SEQ_COLUMN, QUESTION], [[count], [questionOf(0)]], 1);
  const batch = { lo: count, hi: count + 1, rows, events: [] };
  const out = await lastValueFrom(of(batch).pipe(deduplicate(ALIKE, context)));
  if (out.rows.numRows > 0) throw new Error('a question of before was kept');
  return content.commits.length;
}
