import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { hashBytes, writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';
import { openJson, sealJson } from '../files/seal.js';
import { damageOf } from '../runFolder/committedFile.js';
import { type FileRecord, fileRecord } from '../runFolder/manifest.js';

const record = z.strictObject({
  made: z.object({ config: z.looseObject({ format: z.string() }), shards: z.array(z.string()) }),
  written: z.strictObject({ rows: z.int().min(0), leftOut: z.int().min(0) }),
  files: z.array(fileRecord),
});

/**
 * Says what an export was made of, so that the same export is not written again, and which bytes its files have. It stands beside
 * the folder of the export: some readers take every file of a folder for data.
 */
export type ExportRecord = z.output<typeof record>;

/** Path of the record of the export in `folder`. */
export function exportRecordFile(folder: string): string {
  return join(dirname(folder), `${basename(folder)}.json`);
}

/** Null where there is none, or one that is damaged or of another version. Throws ERR_IO_READ. */
export async function readExportRecord(files: Files, folder: string): Promise<ExportRecord | null> {
  const path = exportRecordFile(folder);
  if (!(await files.stat(path))) return null;
  const text = Buffer.from(await readWhole(files, path)).toString();
  if (!text.endsWith('\n')) return null;
  const { body, isWhole } = openJson(text.slice(0, -1));
  return isWhole ? (record.safeParse(JSON.parse(body)).data ?? null) : null;
}

export async function writeExportRecord(files: Files, folder: string, value: ExportRecord): Promise<void> {
  await writeAtomic(files, exportRecordFile(folder), `${sealJson(JSON.stringify(value))}\n`);
}

/** A file of an export that has not the bytes that were written, and what is wrong with it; null if all have. Throws ERR_IO_READ. */
export async function exportDamage(
  files: Files,
  folder: string,
  { files: written }: Pick<ExportRecord, 'files'>,
): Promise<{ file: FileRecord; damage: string } | null> {
  for (const file of written) {
    const damage = await damageOf(files, join(folder, file.file), file);
    if (damage !== null) return { file, damage };
  }
  return null;
}

/** A hash of what an export was made of: equal rows are equal here. */
export function exportContents({ made, written }: Pick<ExportRecord, 'made' | 'written'>): string {
  return hashBytes(new TextEncoder().encode(`${JSON.stringify({ made, written })}\n`));
}
