import { join } from 'node:path';
import { hashBytes } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';
import type { CommitRecord, FileRecord, Manifest } from './manifest.js';
import { type CommittedState, readStates } from './state/stateFile.js';

/** What the commits of a run say: its files, how far it is, and what it goes on from. */

interface CommittedRun {
  /** The run folder. */
  path: string;
  manifest: Pick<Manifest, 'content'>;
}

/** The files that commits name, in order: shard, rejects, state of each. */
export function committedFiles(commits: readonly CommitRecord[]): FileRecord[] {
  return commits.flatMap(({ shard, rejects, state }) =>
    [shard, rejects, state].filter((file) => file !== null),
  );
}

/** Paths of the committed shards, in order, that readers of the run may open. */
export function committedShards(path: string, commits: readonly CommitRecord[]): string[] {
  return commits.flatMap(({ shard }) => (shard ? [join(path, shard.file)] : []));
}

/** A hash of the committed shards and of the run identity: the same on every machine. */
export function contentsOf({ manifest }: Pick<CommittedRun, 'manifest'>): string {
  const { run, commits } = manifest.content;
  const shards = commits.map(({ shard }) => shard?.sha256 ?? '');
  return hashBytes(new TextEncoder().encode([run.identity, ...shards].join('\n')));
}

/** Whether the run's last commit says that it is done. */
export function isComplete({ manifest }: CommittedRun): boolean {
  return manifest.content.commits.at(-1)?.done ?? false;
}

/** Where a run goes on: after its last commit. */
export function resumeOf({ manifest }: Pick<CommittedRun, 'manifest'>): { from: number; kept: number } {
  const last = manifest.content.commits.at(-1);
  return { from: last?.next ?? 0, kept: last?.kept ?? 0 };
}

/** What one step has added to its state in the commits of a run, those to come included. It is read from the disk each time. */
export function committedStateOf(files: Files, run: CommittedRun, step: string) {
  const upTo = (): number => resumeOf(run).from;
  const countMax = (): number =>
    run.manifest.content.commits.reduce((sum, { state }) => sum + (state?.rows ?? 0), 0);

  async function* read(from: number, to: number): AsyncGenerator<readonly unknown[]> {
    for await (const { seqs, values } of readStates(files, statesOf(run, from, to), step)) {
      const isWhole = seqs[0]! >= from && seqs.at(-1)! < to;
      yield isWhole ? values : values.filter((_, at) => seqs[at]! >= from && seqs[at]! < to);
    }
  }

  return { upTo, countMax, read };
}

/** The state files of the commits in which positions of [from, to) lie. */
function* statesOf({ path, manifest }: CommittedRun, from: number, to: number): Generator<CommittedState> {
  let lo = 0;
  for (const { next, state } of manifest.content.commits) {
    if (state && next > from && lo < to) yield { path: join(path, state.file), sha256: state.sha256 };
    lo = next;
  }
}

/** Sums over all commits, however often the run was started. `counts`: `step kind reason` → rows. */
export function totalsOf({ manifest }: CommittedRun): {
  positions: number;
  kept: number;
  counts: Record<string, number>;
} {
  const { commits } = manifest.content;
  const counts = new Map<string, number>();
  for (const commit of commits) {
    for (const [key, rows] of Object.entries(commit.counts)) counts.set(key, (counts.get(key) ?? 0) + rows);
  }
  const last = commits.at(-1);
  return { positions: last?.next ?? 0, kept: last?.kept ?? 0, counts: Object.fromEntries(counts) };
}
