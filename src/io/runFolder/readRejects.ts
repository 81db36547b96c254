import { join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';
import type { Files } from '../files/files.js';
import { readParquetBlocks } from '../parquet/readParquet.js';
import { assertUndamaged } from './committedFile.js';
import { readManifest } from './manifest.js';
import { hasManifest } from './runFolder.js';
import { MANIFEST_FILE } from './runPaths.js';
import type { RejectRow } from './rejectsWriter.js';

/** The columns of the table. */
export const LOST_COLUMNS: readonly Column[] = [
  { name: 'seq', type: 'int32', help: '' },
  { name: 'seqIndex', type: 'int32', help: '' },
  { name: 'step', type: 'string', help: '' },
  { name: 'reason', type: 'string', help: '' },
  { name: 'kind', type: 'string', help: '' },
  { name: 'message', type: 'string', help: '' },
  { name: 'question', type: 'string', help: '', nullable: true },
  { name: 'reply', type: 'string', help: '', nullable: true },
];

/**
 * The lost rows that a run has committed, in order, one row group in memory at a time. Throws ERR_RUN_FOLDER for a folder
 * without a run, ERR_DATA_INVALID for a damaged file, ERR_IO_READ.
 */
export async function* readRejects(files: Files, folder: string): AsyncGenerator<RejectRow> {
  if (!(await hasManifest(files, folder))) {
    throw new ScaleQuestError(
      'ERR_RUN_FOLDER',
      `${folder} holds no run (there is no ${MANIFEST_FILE}), expected the folder of one, as runs/quickstart`,
    );
  }
  const { commits } = await readManifest(files, join(folder, MANIFEST_FILE));
  for (const { rejects } of commits) {
    if (!rejects) continue;
    await assertUndamaged(files, folder, [rejects]);
    const request = { paths: [join(folder, rejects.file)], columns: LOST_COLUMNS };
    for await (const { values } of readParquetBlocks(files, request)) yield* rowsOf(values);
  }
}

function* rowsOf(values: readonly (readonly unknown[])[]): Generator<RejectRow> {
  for (let at = 0; at < values[0]!.length; at++)
    yield Object.fromEntries(
      LOST_COLUMNS.map(({ name }, column) => [name, values[column]![at]]),
    ) as unknown as RejectRow;
}
