import { join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';
import type { Files } from '../../io/files/files.js';
import { readShardColumns } from '../../io/parquet/shardColumns.js';
import { committedShards } from '../../io/runFolder/commits.js';
import { type CommitRecord, type RunRecord, readManifest } from '../../io/runFolder/manifest.js';
import { hasManifest } from '../../io/runFolder/runFolder.js';
import { MANIFEST_FILE } from '../../io/runFolder/runPaths.js';
import { type FunnelStep, funnelOf } from '../report/report.js';

/** A run folder as its manifest has it, finished or not. */
export interface CommittedRows {
  folder: string;
  run: RunRecord;
  commits: readonly CommitRecord[];
  /** The columns of its shards; empty before the first. */
  columns: readonly Column[];
  /** The labels of the steps, in order. */
  steps: readonly string[];
  /** What became of the rows at each step. */
  funnel: FunnelStep[];
  /** The first source position that no commit covers. */
  positions: number;
  kept: number;
  isComplete: boolean;
}

/** Reads what a run has committed. Throws ERR_RUN_FOLDER for a folder without a run, ERR_DATA_INVALID, ERR_IO_READ. */
export async function readCommittedRows(files: Files, folder: string): Promise<CommittedRows> {
  if (!(await hasManifest(files, folder))) throw noRun(folder);
  const { run, commits } = await readManifest(files, join(folder, MANIFEST_FILE));
  const [first] = committedShards(folder, commits);
  const last = commits.at(-1);
  const steps = stepLabels(run.parts);
  const positions = last?.next ?? 0;
  return {
    ...{ folder, run, commits, steps, positions },
    columns: first === undefined ? [] : await readShardColumns(files, first),
    funnel: funnelOf(steps, { positions, counts: summed(commits) }),
    kept: last?.kept ?? 0,
    isComplete: last?.done ?? false,
  };
}

function noRun(path: string): ScaleQuestError {
  const message =
    `${path} holds no run: found no ${MANIFEST_FILE}, expected the folder that \`scalequest run\` has written, ` +
    'as runs/quickstart';
  return new ScaleQuestError('ERR_RUN_FOLDER', message, { data: { path } });
}

/** The parts of a run's identity stand in the order of its steps. */
function stepLabels(parts: RunRecord['parts']): string[] {
  return Object.entries(parts).flatMap(([path, text]) => {
    if (!path.startsWith('steps.') || !path.endsWith('.label')) return [];
    const label = JSON.parse(text) as string;
    return path === `steps.${label}.label` ? [label] : [];
  });
}

function summed(commits: readonly CommitRecord[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const commit of commits)
    for (const [key, rows] of Object.entries(commit.counts)) counts.set(key, (counts.get(key) ?? 0) + rows);
  return Object.fromEntries(counts);
}
