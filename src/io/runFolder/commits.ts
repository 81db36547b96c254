import { join } from 'node:path';
import { hashBytes } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';
import type { CommitRecord, FileRecord, Manifest } from './manifest.js';
import { readStates } from './stateFile.js';

/** What the commits of a run say: its files, how far it is, and what it goes on from. */

interface CommittedRun {
  /** The run folder. */
  path: string;
  manifest: Manifest;
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

/** Where a run goes on: after its last commit, with the state of its steps, or of the named ones, at that point. */
export async function resumeOf(
  files: Files,
  { path, manifest }: CommittedRun,
  steps?: readonly string[],
): Promise<{ from: number; kept: number; restored: (step: string) => readonly unknown[] }> {
  const { commits } = manifest.content;
  const states = commits.flatMap(({ state }) => state ?? []);
  const restored = await readStates(
    files,
    states.map(({ file, sha256 }) => ({ path: join(path, file), sha256 })),
    steps,
  );
  const last = commits.at(-1);
  return { from: last?.next ?? 0, kept: last?.kept ?? 0, restored: (step) => restored.get(step) ?? [] };
}

/** Sums over all commits, however often the run was started. `counts`: `step kind reason` → rows. */
export function totalsOf({ manifest }: CommittedRun): {
  positions: number;
  kept: number;
  counts: Record<string, number>;
} {
  const { commits } = manifest.content;
  const counts: Record<string, number> = {};
  for (const commit of commits) {
    for (const [key, rows] of Object.entries(commit.counts)) counts[key] = (counts[key] ?? 0) + rows;
  }
  const last = commits.at(-1);
  return { positions: last?.next ?? 0, kept: last?.kept ?? 0, counts };
}
