import { basename, dirname, join } from 'node:path';
import { nodeFiles } from '../io/files/files.js';
import { type RunRecord, readManifest } from '../io/runFolder/manifest.js';
import { hasManifest } from '../io/runFolder/runFolder.js';
import { MANIFEST_FILE } from '../io/runFolder/runPaths.js';
import type { Plan } from '../pipeline/plan.js';

/**
 * The folder that a run is written to: what `--out` names, else `output.folder`, else `runs/<name>`. Without `--out`, a run of
 * the same identity is found again in `runs/<name>-2` and so on. `fresh` takes the next free folder after the newest.
 */
export async function runFolderOf(plan: Plan, out: string | undefined, fresh: boolean): Promise<string> {
  const wanted = out ?? plan.settings.output.folder ?? join('runs', plan.name);
  if (out !== undefined && !fresh) return out;
  const begun = (await foldersFor(wanted)).filter(({ run }) => run?.name === plan.name);
  if (fresh) return freeFolder(wanted, (begun.at(-1)?.number ?? 0) + 1);
  const same = begun.findLast(({ run }) => run!.identity === plan.identity);
  if (same) return same.path;
  // Opening the newest tells what differs from it.
  return (await nodeFiles.stat(wanted)) ? (begun.at(-1)?.path ?? wanted) : wanted;
}

/** The folder of a link of a chain: the one that holds this run already, else the next free one. */
export async function linkFolderOf(plan: Plan, wanted: string): Promise<string> {
  const folders = await foldersFor(wanted);
  const same = folders.find(({ run }) => run?.identity === plan.identity);
  if (same) return same.path;
  const bare = folders.find(({ hasRun }) => !hasRun);
  const free = await freeFolder(wanted, 1);
  // A folder without a manifest holds no run and may be used, unless an earlier number is free.
  return bare && bare.number < numberOf(free, wanted) ? bare.path : free;
}

interface Folder {
  path: string;
  /** The folder without a number is number 1. */
  number: number;
  hasRun: boolean;
  /** Null if it holds no run, or one that cannot be read. */
  run: RunRecord | null;
}

/** `<wanted>`, `<wanted>-2` and so on, by number. Numbers may be missing between them. */
async function foldersFor(wanted: string): Promise<Folder[]> {
  const parent = dirname(wanted);
  const names = (await nodeFiles.stat(parent))?.isFolder ? await nodeFiles.readdir(parent) : [];
  const paths = names.map((name) => join(parent, name)).filter((path) => numberOf(path, wanted) > 0);
  const folders = paths.map(async (path) => {
    const hasRun = await hasManifest(nodeFiles, path);
    return { path, number: numberOf(path, wanted), hasRun, run: hasRun ? await recordIn(path) : null };
  });
  return (await Promise.all(folders)).sort((a, b) => a.number - b.number);
}

function numberOf(path: string, wanted: string): number {
  const [name, first] = [basename(path), basename(wanted)];
  if (name === first) return 1;
  const more = name.startsWith(`${first}-`) ? name.slice(first.length + 1) : '';
  return /^([2-9]|[1-9]\d+)$/.test(more) ? Number(more) : 0;
}

async function freeFolder(wanted: string, from: number): Promise<string> {
  for (let number = from; ; number++) {
    const path = number === 1 ? wanted : `${wanted}-${number}`;
    if ((await nodeFiles.stat(path)) === null) return path;
  }
}

/** Damage is reported when the run is opened. The search for another run must not fail on it. */
async function recordIn(path: string): Promise<RunRecord | null> {
  try {
    return (await readManifest(nodeFiles, join(path, MANIFEST_FILE))).run;
  } catch {
    return null;
  }
}
