import { join } from 'node:path';
import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import { exportContents, exportDamage, readExportRecord } from '../io/exports/exportRecord.js';
import { hashBytes } from '../io/files/atomicFile.js';
import { type Files, readWhole } from '../io/files/files.js';
import { CHECKSUMS_FILE, readChecksums } from '../io/runFolder/checksums.js';
import { readManifest } from '../io/runFolder/manifest.js';
import { readParquetBlocks } from '../io/parquet/readParquet.js';
import { assertUndamaged } from '../io/runFolder/committedFile.js';
import { committedShards } from '../io/runFolder/commits.js';
import { hasManifest } from '../io/runFolder/runFolder.js';
import { MANIFEST_FILE } from '../io/runFolder/runPaths.js';
import type { Training } from './schema.js';
import type { ReportFigures } from './when.js';

const report = z.object({
  rowsIn: z.number(),
  rowsKept: z.number(),
  figures: z.record(z.string(), z.unknown()).default({}),
});

export interface TrainingData {
  report: ReportFigures;
  /** What the trainer will read, for a hash: equal rows are equal here. */
  parts: { identity: string; shards: readonly string[]; exported: string | null };
}

/** What a finished run gives a training. Throws ERR_TRAIN_DATA for a run that is not finished and for an empty set. */
export async function readTrainingData(files: Files, training: Training, run: string): Promise<TrainingData> {
  const reportPath = join(run, 'report.json');
  if (!(await hasManifest(files, run))) throw notFinished(run);
  const { commits, run: begun } = await readManifest(files, join(run, MANIFEST_FILE));
  if (!commits.at(-1)?.done || !(await files.stat(reportPath))) throw notFinished(run);
  const found = report.parse(JSON.parse(await readReport(files, run)));
  if (found.rowsIn === 0) throw unfit(run, 'its source had no row');
  if (commits.at(-1)!.kept === 0) throw unfit(run, 'no row was kept; report.json says which step lost them');
  // The trainer reads the shards, or the export that was made of them.
  await assertUndamaged(
    files,
    run,
    commits.flatMap(({ shard }) => shard ?? []),
  );
  const wantsReward = training.when.rewardMeanMin !== undefined;
  return {
    report: {
      ...found,
      rewardMean: wantsReward ? await meanReward(files, committedShards(run, commits)) : null,
    },
    parts: {
      identity: begun.identity,
      shards: commits.flatMap(({ shard }) => shard?.sha256 ?? []),
      exported:
        training.export === undefined ? null : await exportHash(files, join(run, 'exports', training.export)),
    },
  };
}

/** As it was written: the conditions of trainings ask it. Older versions wrote no checksums. */
async function readReport(files: Files, run: string): Promise<string> {
  const path = join(run, 'report.json');
  const bytes = await readWhole(files, path);
  const sums = await readChecksums(files, run);
  if (sums && sums.get('report.json') !== hashBytes(bytes))
    throw unfit(
      path,
      `it does not fit its checksum in ${CHECKSUMS_FILE}. Start \`scalequest run\` again: it writes both anew`,
    );
  return new TextDecoder().decode(bytes);
}

/** `isFinished` in its data tells this from a finished run that gives nothing. */
function notFinished(run: string): ScaleQuestError {
  return unfit(run, 'it holds no finished run. Run the pipeline to its end first (`scalequest run`)', {
    isFinished: false,
  });
}

/** Its record names the shards and the settings that it was made of, and its files. */
async function exportHash(files: Files, path: string): Promise<string> {
  const found = await readExportRecord(files, path);
  if (!found) throw unfit(path, 'it holds no export. Start `scalequest run` again: it writes it');
  const damaged = await exportDamage(files, path, found);
  if (damaged)
    throw unfit(
      join(path, damaged.file.file),
      `${damaged.damage}. Start \`scalequest run\` again: it writes the export anew`,
    );
  if (found.files.length === 0) throw unfit(path, 'no row of the run gave one of the export');
  return exportContents(found);
}

/** NaN, which no bound lets through, where no row has a reward. */
async function meanReward(files: Files, paths: readonly string[]): Promise<number> {
  let sum = 0;
  let count = 0;
  const columns = [{ name: 'reward', type: 'float64', help: '' } as const];
  for await (const { values } of readParquetBlocks(files, { paths, columns })) {
    const rewards = values[0]!.filter((value): value is number => typeof value === 'number');
    sum += rewards.reduce((total, reward) => total + reward, 0);
    count += rewards.length;
  }
  return sum / count;
}

function unfit(path: string, why: string, data: Record<string, boolean> = {}): ScaleQuestError {
  const details = { data: { path, ...data } };
  return new ScaleQuestError('ERR_TRAIN_DATA', `cannot train on ${path}: ${why}.`, details);
}
