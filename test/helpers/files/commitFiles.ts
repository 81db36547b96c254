import type { WrittenFile } from '../../../src/io/files/atomicFile.js';
import type { Files } from '../../../src/io/files/files.js';
import { type RejectRow, openRejectsWriter } from '../../../src/io/runFolder/rejectsWriter.js';
import { openStateWriter } from '../../../src/io/runFolder/state/stateFile.js';
import type { StateEntry } from '../../../src/io/runFolder/state/stateFrames.js';

/** A table of these lost rows. */
export async function writeRejects(
  files: Files,
  path: string,
  rows: readonly RejectRow[],
): Promise<WrittenFile | null> {
  const writer = openRejectsWriter(files, path);
  try {
    await writer.write(rows);
    return await writer.finish();
  } finally {
    await writer.abort();
  }
}

/** A state file of these entries. */
export async function writeState(
  files: Files,
  path: string,
  entries: readonly StateEntry[],
): Promise<WrittenFile | null> {
  const writer = openStateWriter(files, path);
  try {
    await writer.write(entries);
    return await writer.finish();
  } finally {
    await writer.abort();
  }
}
