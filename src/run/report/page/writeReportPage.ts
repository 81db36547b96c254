import { join } from 'node:path';
import { writeAtomic } from '../../../io/files/atomicFile.js';
import { type Files, readWhole } from '../../../io/files/files.js';
import { openJson, sealHtml } from '../../../io/files/seal.js';
import { PERFORMANCE_FILE, PICTURES_FOLDER, REPORT_PAGE } from '../../../io/runFolder/runPaths.js';
import type { ManifestContent } from '../../../io/runFolder/manifest.js';
import type { Plan } from '../../../pipeline/plan.js';
import { filledRemover } from '../../../train/environment.js';
import type { Performance, Report } from '../report.js';
import { buildReport } from './buildReport.js';
import { readPageFiles } from './pageFiles.js';
import { type Picture, picturesOf } from './pictures.js';
import { reportHtml } from './reportHtml.js';

export interface ReportPageRequest {
  /** The run folder. */
  folder: string;
  manifest: ManifestContent;
  plan: Plan;
  report: Report;
}

/**
 * Writes `report.html` and the pictures of the card into a run folder, from the files that are there. The same folder gives the same
 * bytes. Gives the pictures. Throws ERR_IO_READ, ERR_IO_WRITE, and ERR_DATA_INVALID for damaged files.
 */
export async function writeReportPage(files: Files, request: ReportPageRequest): Promise<Picture[]> {
  const { folder, plan } = request;
  const clean = filledRemover(plan.filled);
  const performance = await readPerformance(files, folder);
  const built = await buildReport(files, { ...request, performance, clean });
  const pictures = picturesOf(built.data, await import('#charts'));
  await files.mkdir(join(folder, PICTURES_FOLDER));
  for (const { file, svg } of pictures) await writeAtomic(files, join(folder, file), svg);
  await writeAtomic(files, join(folder, REPORT_PAGE), sealHtml(reportHtml(built, readPageFiles())));
  return pictures;
}

/** Null where the run has none yet, or it was changed. */
async function readPerformance(files: Files, folder: string): Promise<Performance | null> {
  const path = join(folder, PERFORMANCE_FILE);
  if (!(await files.stat(path))) return null;
  const { body, isWhole } = openJson(
    Buffer.from(await readWhole(files, path))
      .toString()
      .trimEnd(),
  );
  return isWhole ? (JSON.parse(body) as Performance) : null;
}
