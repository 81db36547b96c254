import { join } from 'node:path';
import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import { writeAtomic } from '../io/files/atomicFile.js';
import { type Files, readWhole } from '../io/files/files.js';
import { openJson, sealJson } from '../io/files/seal.js';
import { lockHolder } from '../io/runFolder/runLock.js';

export const TRAIN_FOLDER = 'train';
export const RECORD_FILE = 'train.json';

const record = z.strictObject({
  version: z.literal(1),
  label: z.string(),
  inputs: z.string().describe('Hash of the data and of the settings: equal inputs are trained on once.'),
  state: z.enum(['started', 'finished', 'failed']),
  starts: z.int().min(1).describe('How often the trainer was started for these inputs.'),
  command: z.array(z.string()).min(1),
  output: z.string(),
  process: lockHolder.describe('The guard of the trainer’s process group.'),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  wallS: z.number().nullable(),
  lossFirst: z.number().nullable(),
  lossLast: z.number().nullable(),
  message: z.string().nullable().describe('Why it failed.'),
});

/** `train.json` of a training's folder: written whole at every change, so that a crash leaves the last state. */
export type TrainingRecord = z.output<typeof record>;

export interface TrainingFolder {
  /** `<run>/train/<n>`. */
  path: string;
  /** Null for a training that was never started. */
  record: TrainingRecord | null;
}

/**
 * The newest folder of a training with these inputs, or else the next free one; `taken` is how many free ones other trainings will
 * take before it. Throws ERR_DATA_INVALID.
 */
export async function findTraining(
  files: Files,
  run: string,
  inputs: string,
  fresh: boolean,
  taken = 0,
): Promise<TrainingFolder> {
  const folder = join(run, TRAIN_FOLDER);
  const names = (await files.stat(folder)) ? await files.readdir(folder) : [];
  const numbers = names.filter((name) => /^\d+$/.test(name)).map(Number);
  for (const number of fresh ? [] : numbers.sort((a, b) => b - a)) {
    const path = join(folder, String(number));
    const found = await readRecord(files, path);
    if (found?.inputs === inputs) return { path, record: found };
  }
  return { path: join(folder, String(Math.max(-1, ...numbers) + 1 + taken)), record: null };
}

async function readRecord(files: Files, folder: string): Promise<TrainingRecord | null> {
  const path = join(folder, RECORD_FILE);
  if (!(await files.stat(path))) return null;
  const { body, check, isWhole } = openJson(
    Buffer.from(await readWhole(files, path))
      .toString()
      .trimEnd(),
  );
  // Older versions wrote no checksum.
  const isAsWritten = check === null || isWhole;
  try {
    if (isAsWritten) return record.parse(JSON.parse(body));
  } catch (error) {
    throw notARecord(path, error);
  }
  throw notARecord(path);
}

function notARecord(file: string, cause?: unknown): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    'expected the record of a training, found something else. It is unknown whether a training was launched here: ' +
      'look into the folder, then move it away.',
    { at: { file }, cause },
  );
}

export async function writeRecord(files: Files, folder: string, value: TrainingRecord): Promise<void> {
  await writeAtomic(files, join(folder, RECORD_FILE), `${sealJson(JSON.stringify(value, null, 2))}\n`);
}
