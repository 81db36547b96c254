import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { makeFolder } from '../files/atomicFile.js';
import type { FileStat, Files } from '../files/files.js';
import { LOCK_FILE, TAKEOVER_FILE } from './runLock.js';
import {
  type CommitRecord,
  type FileRecord,
  type Manifest,
  type RunRecord,
  createManifest,
  readManifest,
  resumeManifest,
} from './manifest.js';
import { readStates } from './stateFile.js';

export const MANIFEST_FILE = 'manifest.jsonl';
export const SHARDS_FOLDER = 'shards';
export const REJECTS_FOLDER = 'rejects';
export const STATE_FOLDER = 'state';

const FOLDERS = [SHARDS_FOLDER, REJECTS_FOLDER, STATE_FOLDER];

/** The files in our folders that are ours to remove; their number is the commit's. */
const OURS = /^((shard|rejects)-\d{5,}\.parquet|state-\d{5,}\.jsonl\.gz)(\.tmp)?$/;

/** The files beside our folders, when a crash came before they were whole. */
const OUR_TEMPORARY =
  /^((manifest\.jsonl|pipeline\.yaml|(report|performance)\.json|sample\.jsonl|README\.md)\.tmp|run\.lock\.takeover)$/;

export interface RunFolder {
  path: string;
  run: RunRecord;
  manifest: Manifest;
  /** Files of commits that never happened, removed on opening; paths inside the folder. */
  removed: string[];
  /** Of the manifest's last line, if a crash had cut it off. */
  tornBytes: number;
}

/** Path of a commit's shard inside the run folder. */
export function shardFile(index: number): string {
  return `${SHARDS_FOLDER}/shard-${`${index}`.padStart(5, '0')}.parquet`;
}

/** Path of a commit's rejects table inside the run folder. */
export function rejectsFile(index: number): string {
  return `${REJECTS_FOLDER}/rejects-${`${index}`.padStart(5, '0')}.parquet`;
}

/** Path of what stateful steps learnt in a commit, inside the run folder. */
export function stateFile(index: number): string {
  return `${STATE_FOLDER}/state-${`${index}`.padStart(5, '0')}.jsonl.gz`;
}

/**
 * Opens the folder of a run: makes it if it is missing or empty, else goes on with the run that it holds.
 * Files that the manifest does not name are removed; files that it names must be there. Throws ERR_RUN_FOLDER
 * for a folder that holds something else or another run, ERR_DATA_INVALID for a damaged one, ERR_IO_READ,
 * ERR_IO_WRITE.
 */
export async function openRunFolder(files: Files, path: string, run: RunRecord): Promise<RunFolder> {
  const manifest = (await hasManifest(files, path))
    ? await resumeRun(files, path, run)
    : await startRun(files, path, run);
  const { commits, tornBytes } = manifest.content;
  try {
    await checkCommitted(files, path, commits);
    const removed = await removeUncommitted(files, path, commits);
    return { path, run: manifest.content.run, manifest, removed, tornBytes };
  } catch (error) {
    await manifest.close();
    throw error;
  }
}

/** Makes the folder of a run, durably, or finds it there. Throws ERR_RUN_FOLDER where a file has its name. */
export async function makeRunFolder(files: Files, path: string): Promise<void> {
  assertFolder(path, await files.stat(path));
  await makeFolder(files, path);
}

function assertFolder(path: string, found: FileStat | null): void {
  if (found && !found.isFolder) throw unusable(path, 'it is a file, expected a folder');
}

/** Whether a run was begun in this folder. */
export async function hasManifest(files: Files, path: string): Promise<boolean> {
  return (await files.stat(join(path, MANIFEST_FILE))) !== null;
}

async function resumeRun(files: Files, path: string, run: RunRecord): Promise<Manifest> {
  const file = join(path, MANIFEST_FILE);
  const { run: found, commits } = await readManifest(files, file);
  if (found.identity === run.identity) return resumeManifest(files, file);
  // Nothing was committed under the other: nothing is lost by beginning anew.
  if (commits.length === 0) return createManifest(files, file, run);
  throw otherRun(path, found, run);
}

async function startRun(files: Files, path: string, run: RunRecord): Promise<Manifest> {
  await assertUsable(files, path);
  for (const folder of FOLDERS) await files.mkdir(join(path, folder));
  await files.syncFolder(path);
  return createManifest(files, join(path, MANIFEST_FILE), run);
}

/**
 * Throws ERR_RUN_FOLDER for a folder that holds something else. A crash before the manifest may have left our folders, empty,
 * and a temporary manifest.
 */
export async function assertUsable(files: Files, path: string): Promise<void> {
  const found = await files.stat(path);
  assertFolder(path, found);
  if (!found) return makeFolder(files, path);
  for (const name of await files.readdir(path)) {
    if ([`${MANIFEST_FILE}.tmp`, LOCK_FILE, TAKEOVER_FILE].includes(name)) continue;
    if (FOLDERS.includes(name) && (await files.readdir(join(path, name))).length === 0) continue;
    throw unusable(path, `it holds "${name}" but no ${MANIFEST_FILE}, expected a new or empty folder`);
  }
}

async function checkCommitted(files: Files, path: string, commits: readonly CommitRecord[]): Promise<void> {
  for (const record of committedFiles(commits)) {
    const found = await files.stat(join(path, record.file));
    if (found?.sizeBytes === record.bytes) continue;
    throw new ScaleQuestError(
      'ERR_DATA_INVALID',
      `found ${found ? `${found.sizeBytes} bytes` : 'no file'}, expected the ${record.bytes} bytes ` +
        'that were committed. Restore the file, or start in another folder.',
      { at: { file: join(path, record.file) } },
    );
  }
}

async function removeUncommitted(
  files: Files,
  path: string,
  commits: readonly CommitRecord[],
): Promise<string[]> {
  const known = new Set(committedFiles(commits).map(({ file }) => file));
  const removed: string[] = [];
  for (const folder of FOLDERS) {
    await files.mkdir(join(path, folder));
    for (const name of await files.readdir(join(path, folder))) {
      const file = `${folder}/${name}`;
      if (known.has(file) || name.startsWith('.')) continue;
      if (!OURS.test(name))
        throw unusable(path, `${folder} holds "${name}", which no run has written. Move it away`);
      await files.unlink(join(path, file));
      removed.push(file);
    }
  }
  for (const name of await files.readdir(path)) {
    if (!OUR_TEMPORARY.test(name)) continue;
    await files.unlink(join(path, name));
    removed.push(name);
  }
  return removed;
}

/** What the commits name, in order: shards, rejects and states. */
export function committedFiles(commits: readonly CommitRecord[]): FileRecord[] {
  return commits.flatMap(({ shard, rejects, state }) =>
    [shard, rejects, state].filter((file) => file !== null),
  );
}

/** Paths of the committed shards, in order, that readers of the run may open. */
export function committedShards(path: string, commits: readonly CommitRecord[]): string[] {
  return commits.flatMap(({ shard }) => (shard ? [join(path, shard.file)] : []));
}

/** Whether the run's last commit says that it is done. */
export function isComplete({ manifest }: RunFolder): boolean {
  return manifest.content.commits.at(-1)?.done ?? false;
}

/** Where a run goes on: after its last commit, with what its steps (or the named ones) had learnt by then: step → values. */
export async function resumeOf(
  files: Files,
  { path, manifest }: RunFolder,
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

/** Of all commits, whoever started the run how often. `counts`: `step kind reason` → rows. */
export function totalsOf({ manifest }: RunFolder): {
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

function otherRun(path: string, found: RunRecord, expected: RunRecord): ScaleQuestError {
  const changes = differenceOf(found.parts, expected.parts);
  const shown = changes.slice(0, CHANGES_SHOWN_MAX).map((line) => `\n  ${line}`);
  const more = changes.length - shown.length;
  return unusable(
    path,
    `it holds a run of ${found.name} that decides its rows otherwise:${shown.join('')}` +
      `${more > 0 ? `\n  and ${more} more` : ''}\n` +
      'Change it back to go on with that run, or start anew beside it with --fresh',
  );
}

const CHANGES_SHOWN_MAX = 12;

/** What changed between two runs, a line each: `steps.respond.options.n: 3, now 5`. */
export function differenceOf(before: RunRecord['parts'], now: RunRecord['parts']): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return paths
    .filter((path) => before[path] !== now[path])
    .map((path) => `${path}: ${before[path] ?? '(absent)'}, now ${now[path] ?? '(absent)'}`);
}

function unusable(path: string, message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_RUN_FOLDER', `cannot use ${path} for a run: ${message}.`, {
    data: { path },
  });
}
