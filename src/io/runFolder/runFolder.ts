import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { makeFolder } from '../files/atomicFile.js';
import type { FileStat, Files } from '../files/files.js';
import { assertUndamaged } from './committedFile.js';
import { committedFiles } from './commits.js';
import { LOCK_FILE, TAKEOVER_FILE } from './runLock.js';
import {
  type CommitRecord,
  type Manifest,
  type RunRecord,
  createManifest,
  readManifest,
  resumeManifest,
} from './manifest.js';
import {
  BUDGET_FILE,
  COMMIT_FOLDERS,
  MANIFEST_FILE,
  isCommitFile,
  isCrashRemainder,
  withoutWriter,
} from './runPaths.js';

export interface RunFolder {
  path: string;
  run: RunRecord;
  manifest: Manifest;
  /** Files of commits that never happened, which opening has removed; paths inside the folder. */
  removed: string[];
  /** Size of the manifest's last line, if a crash had torn it off; 0 else. */
  tornBytes: number;
}

/**
 * Opens the folder of a run: makes it if it is missing or empty, else goes on with the run that it holds.
 * It removes files that the manifest does not name, and reads those that it names: nothing goes on from damaged files. Throws
 * ERR_RUN_FOLDER for a folder that holds something else or another run, ERR_DATA_INVALID for a damaged one, ERR_IO_READ,
 * ERR_IO_WRITE.
 */
export async function openRunFolder(files: Files, path: string, run: RunRecord): Promise<RunFolder> {
  const manifest = (await hasManifest(files, path))
    ? await resumeRun(files, path, run)
    : await startRun(files, path, run);
  const { commits, tornBytes } = manifest.content;
  try {
    await assertUndamaged(files, path, committedFiles(commits));
    const removed = await removeUncommitted(files, path, commits);
    return { path, run: manifest.content.run, manifest, removed, tornBytes };
  } catch (error) {
    await manifest.close();
    throw error;
  }
}

/** Makes the folder of a run durably, unless it exists. Throws ERR_RUN_FOLDER where a file has its name. */
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
  // The other run has committed nothing, so that nothing is lost by beginning anew.
  if (commits.length === 0) return createManifest(files, file, run);
  throw otherRun(path, found, run);
}

async function startRun(files: Files, path: string, run: RunRecord): Promise<Manifest> {
  await assertUsable(files, path);
  for (const folder of COMMIT_FOLDERS) await files.mkdir(join(path, folder));
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
    if (BEFORE_MANIFEST.includes(withoutWriter(name))) continue;
    if (COMMIT_FOLDERS.includes(name) && (await files.readdir(join(path, name))).length === 0) continue;
    throw unusable(path, `it holds "${name}" but no ${MANIFEST_FILE}, expected a new or empty folder`);
  }
}

/** What a run may have written before its manifest: time costs money while its models load. */
const BEFORE_MANIFEST = [
  ...[`${MANIFEST_FILE}.tmp`, LOCK_FILE, `${LOCK_FILE}.tmp`, TAKEOVER_FILE],
  ...[BUDGET_FILE, `${BUDGET_FILE}.tmp`],
];

async function removeUncommitted(
  files: Files,
  path: string,
  commits: readonly CommitRecord[],
): Promise<string[]> {
  const known = new Set(committedFiles(commits).map(({ file }) => file));
  const removed: string[] = [];
  for (const folder of COMMIT_FOLDERS) {
    await files.mkdir(join(path, folder));
    for (const name of await files.readdir(join(path, folder))) {
      const file = `${folder}/${name}`;
      if (known.has(file) || name.startsWith('.')) continue;
      if (!isCommitFile(name))
        throw unusable(path, `${folder} holds "${name}", which no run has written. Move it away`);
      await files.unlink(join(path, file));
      removed.push(file);
    }
  }
  return [...removed, ...(await removeRemainders(files, path))];
}

/** Removes what was not whole yet when its writer ended; gives the names. */
export async function removeRemainders(files: Files, path: string): Promise<string[]> {
  const remainders = (await files.readdir(path)).filter(isCrashRemainder);
  for (const name of remainders) {
    await files.unlink(join(path, name)).catch((error: unknown) => {
      // Its writer, whom the run was taken from, may have removed it a moment ago.
      if ((error as ScaleQuestError).data?.['errno'] !== 'ENOENT') throw error;
    });
  }
  return remainders;
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

/** What changed between two runs, one line a change: `steps.respond.options.n: 3, now 5`. */
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
