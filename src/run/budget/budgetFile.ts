import { join } from 'node:path';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { writeAtomic } from '../../io/files/atomicFile.js';
import { type Files, readWhole } from '../../io/files/files.js';
import { openJson, sealJson } from '../../io/files/seal.js';
import { BUDGET_FILE } from '../../io/runFolder/runPaths.js';
import type { Amounts } from './ledger.js';

const schema = z.looseObject({ spent: z.record(z.string(), z.number().min(0)) });

/**
 * What the starts of a run have spent at most, as far as it was written down; null where nothing was. Throws ERR_DATA_INVALID for a
 * file that is not as it was written: what was spent would not be known.
 */
export async function readBudgetFile(files: Files, folder: string): Promise<Amounts | null> {
  const path = join(folder, BUDGET_FILE);
  if (!(await files.stat(path))) return null;
  const text = Buffer.from(await readWhole(files, path)).toString();
  const { isWhole } = openJson(text.trimEnd());
  const parsed = isWhole ? schema.safeParse(JSON.parse(text)) : null;
  if (parsed?.success) return parsed.data.spent;
  throw new ScaleQuestError(
    'ERR_DATA_INVALID',
    'found a text that is not as a run has written it, so what was spent is not known. Restore it from a copy, or remove it: then ' +
      'what log.jsonl tells of earlier starts counts',
    { at: { file: path } },
  );
}

/** Durable when it resolves: the old file or the new one is there, whatever happens. */
export async function writeBudgetFile(files: Files, folder: string, spent: Amounts): Promise<void> {
  await writeAtomic(files, join(folder, BUDGET_FILE), `${sealJson(JSON.stringify({ spent }, null, 2))}\n`);
}
