import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ScaleQuestError } from '../errors.js';
import { exportRecordFile, readExportRecord } from '../io/exports/exportRecord.js';
import { EXPORTS_FOLDER } from '../io/exports/writeExport.js';
import { hashFile } from '../io/files/atomicFile.js';
import { type Files, readWhole } from '../io/files/files.js';
import { openText, sealText } from '../io/files/seal.js';
import { CARD_FILE } from '../io/runFolder/card.js';
import { CHECKSUMS_FILE } from '../io/runFolder/checksums.js';
import { committedFiles } from '../io/runFolder/commits.js';
import type { CommitRecord } from '../io/runFolder/manifest.js';
import { MANIFEST_FILE, REJECTS_FOLDER, SHARDS_FOLDER } from '../io/runFolder/runPaths.js';

/** A file that is pushed: one of the run folder as it is, or a text that stands for it. */
export interface PushedFile {
  /** Its path in the repository. */
  path: string;
  sizeBytes: number;
  sha256: string;
  /** What it holds; absent where that is what the run folder has. */
  text?: string;
}

/** Which files of a run are pushed. */
export interface PushedParts {
  /** The repository, as the card says how to load it. */
  repo: string;
  commits: readonly CommitRecord[];
  /** The exports by name; empty for an unfinished run. */
  exports: readonly string[];
  /** With the lost rows. */
  hasRejects: boolean;
}

/** Small files that are pushed where they are. */
const SMALL = [MANIFEST_FILE, 'pipeline.yaml', 'report.json', 'report.html'];

/**
 * Lists what a push sends: the shards, the exports, the card with the name of the repository, the report, the pipeline, and the
 * checksums of all these. What a run needs to go on is not among them.
 */
export async function listPushedFiles(
  files: Files,
  folder: string,
  { repo, commits, exports, hasRejects }: PushedParts,
): Promise<PushedFile[]> {
  const found: PushedFile[] = [];
  const add = async (path: string): Promise<void> => {
    const hashed = await hashFile(files, join(folder, path));
    if (hashed) found.push({ path, sizeBytes: hashed.bytes, sha256: hashed.sha256 });
  };
  const folders = hasRejects ? [SHARDS_FOLDER, REJECTS_FOLDER] : [SHARDS_FOLDER];
  for (const { file } of committedFiles(commits))
    if (folders.some((each) => file.startsWith(`${each}/`))) await add(file);
  for (const name of exports) {
    const inside = `${EXPORTS_FOLDER}/${name}`;
    const record = await readExportRecord(files, join(folder, inside));
    for (const { file } of record?.files ?? []) await add(`${inside}/${file}`);
    await add(exportRecordFile(inside));
  }
  const card = textFile(CARD_FILE, cardFor(repo, await readText(files, join(folder, CARD_FILE))));
  for (const path of [...SMALL, ...picturesOf(card.text)]) await add(path);
  const all = [...found, card].sort((one, other) => (one.path < other.path ? -1 : 1));
  return [...all, textFile(CHECKSUMS_FILE, all.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''))];
}

async function readText(files: Files, path: string): Promise<string> {
  if (!(await files.stat(path)))
    throw new ScaleQuestError(
      'ERR_RUN_FOLDER',
      `found no ${path}, expected the card of the set: start the run again`,
    );
  return Buffer.from(await readWhole(files, path)).toString();
}

function textFile(path: string, text: string): PushedFile & { text: string } {
  const bytes = Buffer.from(text);
  return { path, text, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const PLACE = 'path/to/this/folder';

/** The card as it is, also one that a person has edited, with the name under which the set loads. */
function cardFor(repo: string, text: string): string {
  const { body, check, isWhole } = openText(text);
  const named = body.replaceAll(PLACE, () => repo);
  // A checksum that did not hold before shall not hold now.
  if (check === null || !isWhole) return text.replaceAll(PLACE, () => repo);
  return sealText(named);
}

/** Pictures of the run folder that the card shows. */
function picturesOf(card: string): string[] {
  const shown = [...card.matchAll(/!\[[^\]\n]*\]\(([\w./-]+\.(?:svg|png))\)/g)].map(([, path]) => path!);
  return [...new Set(shown)].filter((path) => !path.startsWith('/') && !path.split('/').includes('..'));
}
