import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { readWhole } from '../../io/files/files.js';
import { openText } from '../../io/files/seal.js';
import type { ManifestContent } from '../../io/runFolder/manifest.js';
import { differenceOf } from '../../io/runFolder/runFolder.js';
import { LOG_FILE } from '../../io/runFolder/runLog.js';
import type { Plan } from '../../pipeline/plan.js';
import { planSnapshot, planToRun } from './planPipeline.js';
import type { SystemWorld } from '../systemWorld.js';

/**
 * The plan of a run: of the file that is named, else of the copy in the run folder, with paths from where the run's file was. Throws
 * PipelineProblems, ERR_DATA_INVALID.
 */
export async function planOfRun(
  folder: string,
  { pipeline }: { pipeline?: string | undefined },
  world: SystemWorld,
): Promise<Plan> {
  if (pipeline !== undefined) return planToRun(pipeline, {}, world);
  const snapshot = join(folder, 'pipeline.yaml');
  const text = Buffer.from(await readWhole(world.files, snapshot)).toString();
  const file = await startedFile(folder, world);
  if (openText(text).isWhole && file !== null) return planSnapshot(file, text, world);
  const found =
    file === null ? `${LOG_FILE} does not say where the pipeline file was` : `${snapshot} was changed`;
  throw new ScaleQuestError('ERR_DATA_INVALID', `${found}; name the pipeline file: --pipeline <file>`);
}

/** Where the pipeline file was at the last start. */
export async function startedFile(
  folder: string,
  { files }: Pick<SystemWorld, 'files'>,
): Promise<string | null> {
  const path = join(folder, LOG_FILE);
  const text = (await files.stat(path)) ? Buffer.from(await readWhole(files, path)).toString() : '';
  const started = text.split('\n').findLast((line) => line.includes('"event":"started"'));
  try {
    return (JSON.parse(started ?? '') as { file: string }).file;
  } catch {
    return null;
  }
}

/** Throws ERR_RUN_FOLDER for a plan that decides its rows otherwise than the run did. */
export function assertSamePlan(folder: string, { run }: ManifestContent, plan: Plan): void {
  if (run.identity === plan.identity) return;
  const changes = differenceOf(run.parts, plan.parts).map((line) => `\n  ${line}`);
  throw new ScaleQuestError(
    'ERR_RUN_FOLDER',
    `${plan.file} decides its rows otherwise than the run in ${folder}, expected the pipeline, the source and the models that it ` +
      `was made with:${changes.join('')}`,
    { data: { path: folder } },
  );
}
