import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { exportRecordFile, readExportRecord } from '../../io/exports/exportRecord.js';
import { EXPORTS_FOLDER } from '../../io/exports/writeExport.js';
import { hashFile } from '../../io/files/atomicFile.js';
import { type Files, nodeFiles, readWhole } from '../../io/files/files.js';
import { type Opened, openHtml, openJson, openText } from '../../io/files/seal.js';
import { CARD_FILE } from '../../io/runFolder/card.js';
import { CHECKSUMS_FILE, type Checksums, readChecksums } from '../../io/runFolder/checksums.js';
import { damageOf } from '../../io/runFolder/committedFile.js';
import { committedFiles } from '../../io/runFolder/commits.js';
import { type ManifestContent, readManifestUpTo } from '../../io/runFolder/manifest.js';
import { hasManifest } from '../../io/runFolder/runFolder.js';
import { isHeld, readRunLock, thisProcess } from '../../io/runFolder/runLock.js';
import { LOG_FILE, changedLogLines } from '../../io/runFolder/runLog.js';
import {
  BUDGET_FILE,
  COMMIT_FOLDERS,
  MANIFEST_FILE,
  PERFORMANCE_FILE,
  PICTURES_FOLDER,
  REPORT_PAGE,
} from '../../io/runFolder/runPaths.js';
import { RECORD_FILE, TRAIN_FOLDER } from '../../train/record.js';
import { type Finding, type Findings, changed, createFindings, damagedCommit } from './findings.js';

/** What the files of a run folder came to. */
export interface RunVerification {
  /** The run folder. */
  folder: string;
  /** Whether the run has come to its end. */
  isComplete: boolean;
  /** Commits in the manifest, as far as it can be read. */
  commits: number;
  /** Rows that these commits keep. */
  rows: number;
  /** Files that were read. */
  files: number;
  /** Bytes of these files. */
  bytes: number;
  /** The files that are not as they were written; empty if all are. */
  findings: Finding[];
  /** What else is worth knowing, in sentences. */
  notes: string[];
}

/** What the parts of a verification share. */
interface Verifying {
  files: Files;
  folder: string;
  findings: Findings;
  notes: string[];
  /** Files that were read, by their path inside the folder, with their sizes. */
  read: Map<string, number>;
}

/**
 * Reads every file of a run folder and compares it with its checksum; changes nothing. Throws ERR_RUN_FOLDER for a folder without
 * a run, ERR_IO_READ.
 */
export async function verifyRun(folder: string, files: Files = nodeFiles): Promise<RunVerification> {
  if (!(await hasManifest(files, folder))) throw noRun(folder);
  const own: Verifying = { files, folder, findings: createFindings(), notes: [], read: new Map() };
  await verifyLock(own);
  const manifest = await verifyManifest(own);
  const commits = manifest?.commits ?? [];
  const isComplete = commits.at(-1)?.done ?? false;
  await verifyCommitted(own, commits);
  // A version that sealed no manifest sealed no other file.
  if (manifest?.check === '') own.notes.push(OLDER);
  else await verifyOthers(own, isComplete);
  return {
    folder,
    isComplete,
    commits: commits.length,
    rows: commits.at(-1)?.kept ?? 0,
    files: own.read.size,
    bytes: [...own.read.values()].reduce((sum, size) => sum + size, 0),
    findings: own.findings.all(),
    notes: own.notes,
  };
}

const OLDER =
  'An older version began this run, and gave checksums to shards, lost rows and states alone: no other file was checked.';

async function verifyLock({ files, folder, findings, notes }: Verifying): Promise<void> {
  const lock = await readRunLock(files, folder);
  if (!lock) return;
  const { holder, isWhole } = lock;
  if (!isWhole) findings.add(changed('run.lock', 'found a text that does not fit its checksum'));
  else if (holder && isHeld(holder, thisProcess()))
    notes.push(
      `Process ${holder.pid} on ${holder.host} is writing the run. Files that it writes now may be named wrongly.`,
    );
  else notes.push('The process that wrote the run was killed. The next start goes on from the last commit.');
}

/** What of the manifest can be believed; null if its first line cannot. */
async function verifyManifest({
  files,
  folder,
  findings,
  notes,
  read,
}: Verifying): Promise<ManifestContent | null> {
  const path = join(folder, MANIFEST_FILE);
  read.set(MANIFEST_FILE, (await files.stat(path))?.sizeBytes ?? 0);
  const damagedManifest = (error: unknown): void => {
    if (!(error instanceof ScaleQuestError) || error.code !== 'ERR_DATA_INVALID') throw error;
    const { line } = error.at ?? {};
    const advice = 'Files of later commits cannot be checked';
    findings.add({
      file: MANIFEST_FILE,
      kind: 'damaged',
      problem: `line ${line}: ${sentenceOf(error)}`,
      advice,
    });
  };
  try {
    const { content, fault } = await readManifestUpTo(files, path);
    if (fault) damagedManifest(fault);
    if (content.tornBytes > 0)
      notes.push(
        `A crash has cut off the last ${content.tornBytes} bytes of ${MANIFEST_FILE}: that commit never counted.`,
      );
    return content;
  } catch (error) {
    damagedManifest(error);
    return null;
  }
}

/** The message without the place in front. */
function sentenceOf({ message, at }: ScaleQuestError): string {
  return at ? message.slice(message.indexOf(': ') + 2) : message;
}

async function verifyCommitted(own: Verifying, commits: ManifestContent['commits']): Promise<void> {
  const { files, folder, findings, notes, read } = own;
  const records = committedFiles(commits);
  for (const record of records) {
    read.set(record.file, record.bytes);
    const damage = await damageOf(files, join(folder, record.file), record);
    if (damage !== null) findings.add(damagedCommit(record.file, damage));
  }
  const known = new Set(records.map(({ file }) => file));
  for (const inner of COMMIT_FOLDERS) {
    for (const name of await namesIn(files, join(folder, inner))) {
      if (known.has(`${inner}/${name}`) || name.startsWith('.')) continue;
      notes.push(
        `${inner}/${name} belongs to no commit. The next start removes it, or says so if no run has written it.`,
      );
    }
  }
}

async function verifyOthers(own: Verifying, isComplete: boolean): Promise<void> {
  await verifySealed(own);
  await verifyLog(own);
  await verifyExports(own);
  await verifyTrainings(own);
  await verifyChecksums(own, isComplete);
}

/** Files that hold a checksum of themselves. */
async function verifySealed({ files, folder, findings, read }: Verifying): Promise<void> {
  const lineEnd = (text: string): Opened => ({
    ...openJson(text.slice(0, -1)),
    ...(text.endsWith('\n') ? {} : { isWhole: false }),
  });
  const sealed = {
    'pipeline.yaml': openText,
    [CARD_FILE]: openText,
    [PERFORMANCE_FILE]: lineEnd,
    [REPORT_PAGE]: openHtml,
    [BUDGET_FILE]: lineEnd,
  };
  for (const [file, open] of Object.entries(sealed)) {
    const path = join(folder, file);
    if (!(await files.stat(path))) continue;
    const bytes = await readWhole(files, path);
    read.set(file, bytes.length);
    if (!open(Buffer.from(bytes).toString()).isWhole)
      findings.add(changed(file, 'found a text that does not fit the checksum inside it'));
  }
}

async function verifyLog({ files, folder, findings, read }: Verifying): Promise<void> {
  const size = (await files.stat(join(folder, LOG_FILE)))?.sizeBytes;
  if (size === undefined) return;
  read.set(LOG_FILE, size);
  const [first, ...more] = await changedLogLines(files, folder);
  if (first === undefined) return;
  const others = more.length > 0 ? ` and ${more.length} more` : '';
  findings.add(changed(LOG_FILE, `line ${first}${others}: found a text that does not fit its checksum`));
}

async function verifyExports({ files, folder, findings, read }: Verifying): Promise<void> {
  const names = await namesIn(files, join(folder, EXPORTS_FOLDER));
  for (const name of names.filter((each) => !each.includes('.'))) {
    const inside = `${EXPORTS_FOLDER}/${name}`;
    const record = await readExportRecord(files, join(folder, inside));
    read.set(
      exportRecordFile(inside),
      (await files.stat(join(folder, exportRecordFile(inside))))?.sizeBytes ?? 0,
    );
    if (!record) {
      findings.add(changed(exportRecordFile(inside), 'found no record of the export that fits its checksum'));
      continue;
    }
    for (const file of record.files) {
      const path = `${inside}/${file.file}`;
      read.set(path, file.bytes);
      const damage = await damageOf(files, join(folder, path), file);
      if (damage !== null) findings.add(changed(path, damage));
    }
  }
}

async function verifyTrainings({ files, folder, findings, read }: Verifying): Promise<void> {
  for (const name of await namesIn(files, join(folder, TRAIN_FOLDER))) {
    const file = `${TRAIN_FOLDER}/${name}/${RECORD_FILE}`;
    if (!(await files.stat(join(folder, file)))) continue;
    const text = Buffer.from(await readWhole(files, join(folder, file))).toString();
    read.set(file, text.length);
    if (!openJson(text.slice(0, -1)).isWhole || !text.endsWith('\n'))
      findings.add(changed(file, 'found a text that does not fit the checksum inside it'));
  }
}

/** The list of a finished run: what has no checksum of its own, and that nothing is missing. */
async function verifyChecksums(own: Verifying, isComplete: boolean): Promise<void> {
  const { findings } = own;
  const sums = await sumsOf(own);
  if (sums === null) {
    if (isComplete && !findings.has(CHECKSUMS_FILE))
      findings.add(changed(CHECKSUMS_FILE, 'found no such file, expected the checksums of a finished run'));
    return;
  }
  if (!isComplete) return;
  for (const [file, sha256] of sums) await compareSum(own, file, sha256);
  await verifyPage(own, sums);
  for (const file of [MANIFEST_FILE, 'report.json', 'sample.jsonl'])
    if (!sums.has(file)) findings.add(changed(CHECKSUMS_FILE, `found no checksum of ${file}`));
}

/** A run whose card has pictures wrote its page with them. */
async function verifyPage({ files, folder, findings }: Verifying, sums: Checksums): Promise<void> {
  const hasPictures = [...sums.keys()].some((file) => file.startsWith(`${PICTURES_FOLDER}/`));
  if (hasPictures && !(await files.stat(join(folder, REPORT_PAGE))))
    findings.add(changed(REPORT_PAGE, 'found no such file, expected the report of a finished run'));
}

async function sumsOf({ files, folder, findings, read }: Verifying): Promise<Checksums | null> {
  const size = (await files.stat(join(folder, CHECKSUMS_FILE)))?.sizeBytes;
  if (size !== undefined) read.set(CHECKSUMS_FILE, size);
  try {
    return await readChecksums(files, folder);
  } catch (error) {
    if (!(error instanceof ScaleQuestError) || error.code !== 'ERR_DATA_INVALID') throw error;
    findings.add(changed(CHECKSUMS_FILE, `line ${error.at?.line}: ${sentenceOf(error)}`));
    return null;
  }
}

async function compareSum(
  { files, folder, findings, read }: Verifying,
  file: string,
  sha256: string,
): Promise<void> {
  if (findings.has(file)) return;
  const found = await hashFile(files, join(folder, file));
  if (found) read.set(file, found.bytes);
  if (found?.sha256 === sha256) return;
  findings.add(
    changed(
      file,
      `found ${found ? 'other bytes' : 'no file'}, expected those of its checksum in ${CHECKSUMS_FILE}`,
    ),
  );
}

async function namesIn(files: Files, path: string): Promise<string[]> {
  return (await files.stat(path))?.isFolder ? files.readdir(path) : [];
}

function noRun(path: string): ScaleQuestError {
  const message = `${path} holds no run: found no ${MANIFEST_FILE}, expected the folder that \`scalequest run\` has written.`;
  return new ScaleQuestError('ERR_RUN_FOLDER', message, { data: { path } });
}
