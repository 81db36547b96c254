import { join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import { writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';
import { readParquetBlocks } from '../parquet/readParquet.js';

export const SAMPLE_FILE = 'sample.jsonl';

/** One row of the sample, as JSON has it. */
export type SampleRow = Readonly<Record<string, unknown>>;

export interface SampleFileOptions {
  /** The run folder. */
  folder: string;
  /** Committed shards, in order. */
  shards: readonly string[];
  columns: readonly Column[];
  rowsMax?: number;
}

/**
 * Writes the first kept rows of a run (100) as JSON lines, for people to look at. It reads them from the shards, so that a
 * resumed run has the same sample as one that was never stopped. Gives the number of rows. Throws ERR_IO_READ, ERR_IO_WRITE.
 */
export async function writeSample(files: Files, options: SampleFileOptions): Promise<number> {
  const lines = await firstRows(files, options);
  await writeAtomic(files, join(options.folder, SAMPLE_FILE), lines.map((line) => `${line}\n`).join(''));
  return lines.length;
}

/** The first rows of the sample in a run folder, at most `rowsMax` (3). Throws ERR_IO_READ. */
export async function readSample(files: Files, folder: string, rowsMax = 3): Promise<SampleRow[]> {
  const text = Buffer.from(await readWhole(files, join(folder, SAMPLE_FILE))).toString('utf8');
  const lines = text.split('\n').filter(Boolean).slice(0, rowsMax);
  return lines.map((line) => JSON.parse(line) as SampleRow);
}

/** JSON of JavaScript knows no integers of 64 bits: those that a number does not hold exactly become text. */
function withoutBigInt(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
}

async function firstRows(
  files: Files,
  { shards, columns, rowsMax = 100 }: SampleFileOptions,
): Promise<string[]> {
  const lines: string[] = [];
  if (shards.length === 0) return lines;
  for await (const { values } of readParquetBlocks(files, { paths: shards, columns })) {
    const rowCount = Math.min(values[0]?.length ?? 0, rowsMax - lines.length);
    for (let row = 0; row < rowCount; row++) {
      const entries = columns.map(({ name }, at) => [name, values[at]![row]]);
      lines.push(JSON.stringify(Object.fromEntries(entries), withoutBigInt));
    }
    if (lines.length >= rowsMax) break;
  }
  return lines;
}
