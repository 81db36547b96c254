import { join } from 'node:path';
import { ScaleQuestError } from '../../../errors.js';
import { hashFile } from '../../../io/files/atomicFile.js';
import { type Files, readWhole } from '../../../io/files/files.js';
import { readChecksums, writeChecksums } from '../../../io/runFolder/checksums.js';
import { isComplete, totalsOf } from '../../../io/runFolder/commits.js';
import { type ManifestContent, readManifest } from '../../../io/runFolder/manifest.js';
import { hasManifest } from '../../../io/runFolder/runFolder.js';
import { isHeld, readRunLock, thisProcess } from '../../../io/runFolder/runLock.js';
import { MANIFEST_FILE, REPORT_PAGE } from '../../../io/runFolder/runPaths.js';
import type { Plan } from '../../../pipeline/plan.js';
import { assertSamePlan, planOfRun } from '../../plan/planOfRun.js';
import { type SystemWorld, systemWorld } from '../../systemWorld.js';
import { type Report, reportOf } from '../report.js';
import type { Picture } from './pictures.js';
import { writeReportPage } from './writeReportPage.js';

/** What was written. */
export interface WrittenReport {
  /** The path of the page. */
  page: string;
  bytes: number;
  pictures: string[];
}

/**
 * Writes the report of a run folder again, finished or not. Throws ERR_RUN_FOLDER for a folder without a run or of another pipeline,
 * while a process writes the run, PipelineProblems, and what reading and writing files throws.
 */
export async function reportRun(
  folder: string,
  options: { pipeline?: string | undefined } = {},
  world: SystemWorld = systemWorld(),
): Promise<WrittenReport> {
  const { files } = world;
  if (!(await hasManifest(files, folder)))
    throw new ScaleQuestError(
      'ERR_RUN_FOLDER',
      `${folder} holds no run (there is no ${MANIFEST_FILE}), expected the folder of one, as runs/quickstart`,
    );
  const lock = await readRunLock(files, folder);
  if (lock?.holder && isHeld(lock.holder, thisProcess()))
    throw new ScaleQuestError(
      'ERR_RUN_FOLDER',
      `process ${lock.holder.pid} on ${lock.holder.host} is writing the run in ${folder}; it writes the report at its end`,
    );
  const manifest = await readManifest(files, join(folder, MANIFEST_FILE));
  const plan = await planOfRun(folder, options, world);
  assertSamePlan(folder, manifest, plan);
  const report = await readReport(files, folder, manifest, plan);
  const pictures = await writeReportPage(files, { folder, manifest, plan, report });
  await renewChecksums(files, folder, pictures);
  const page = join(folder, REPORT_PAGE);
  return {
    page,
    bytes: (await files.stat(page))!.sizeBytes,
    pictures: pictures.map(({ file }) => join(folder, file)),
  };
}

/** What `report.json` says; of a run that has not come to its end what its commits say. */
async function readReport(
  files: Files,
  folder: string,
  manifest: ManifestContent,
  plan: Plan,
): Promise<Report> {
  const path = join(folder, 'report.json');
  const run = { path: folder, manifest: { content: manifest } };
  if (isComplete(run) && (await files.stat(path)))
    return JSON.parse(Buffer.from(await readWhole(files, path)).toString()) as Report;
  return reportOf(plan, totalsOf(run), () => ({}));
}

/** Pictures of another version have other bytes. */
async function renewChecksums(files: Files, folder: string, pictures: readonly Picture[]): Promise<void> {
  const before = await readChecksums(files, folder);
  if (!before) return;
  const sums = new Map(before);
  for (const { file } of pictures) {
    const found = await hashFile(files, join(folder, file));
    if (found) sums.set(file, found.sha256);
  }
  await writeChecksums(files, folder, sums);
}
