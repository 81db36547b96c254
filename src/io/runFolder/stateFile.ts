import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { type WrittenFile, hashBytes, temporaryPath, writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';

/** What a stateful step added to its state at one row. Applying a run's entries in order restores the state. */
export interface StateEntry {
  seq: number;
  step: string;
  value: unknown;
}

const stateEntry = z.strictObject({ seq: z.int().min(0), step: z.string(), value: z.unknown() });

/** Writes the entries between two commits as compressed JSON lines, whole or not at all. For none it writes no file and gives null. */
export async function writeState(
  files: Files,
  path: string,
  entries: readonly StateEntry[],
  temporary: string = temporaryPath(path),
): Promise<WrittenFile | null> {
  if (entries.length === 0) return null;
  const lines = entries.map(({ seq, step, value }) => `${JSON.stringify({ seq, step, value })}\n`);
  const bytes = await promisify(gzip)(lines.join(''), { level: 1 });
  await writeAtomic(files, path, bytes, temporary);
  return { rows: entries.length, bytes: bytes.length, sha256: hashBytes(bytes) };
}

/**
 * Reads state files in their order: step → values, for all steps or the named ones. Throws ERR_DATA_INVALID naming a file
 * that is not as it was written: a run that went on from it would make other rows.
 */
export async function readStates(
  files: Files,
  states: readonly { path: string; sha256: string }[],
  steps?: readonly string[],
): Promise<Map<string, unknown[]>> {
  const restored = new Map<string, unknown[]>();
  if (steps?.length === 0) return restored;
  for (const { path, sha256 } of states) {
    const bytes = await readWhole(files, path);
    if (hashBytes(bytes) !== sha256) throw damaged(path, 'its bytes are not the ones that were committed');
    for (const { step, value } of await parseLines(path, bytes)) {
      if (steps && !steps.includes(step)) continue;
      const values = restored.get(step);
      if (values) values.push(value);
      else restored.set(step, [value]);
    }
  }
  return restored;
}

async function parseLines(path: string, bytes: Uint8Array): Promise<StateEntry[]> {
  try {
    const lines = (await promisify(gunzip)(bytes)).toString().split('\n').filter(Boolean);
    return lines.map((line) => stateEntry.parse(JSON.parse(line)) as StateEntry);
  } catch (error) {
    throw damaged(path, (error as Error).message);
  }
}

function damaged(file: string, found: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `the state of a run is damaged: ${found}. Restore the file, or start anew beside the run with --fresh.`,
    { at: { file } },
  );
}
