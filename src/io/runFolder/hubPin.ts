import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';
import { openJson, sealJson } from '../files/seal.js';
import type { HubPin } from '../hub/hubAccess.js';
import { HUB_FILE } from './runPaths.js';

/** Keeps in a run folder the commit at which its run reads a data set of a hub. Throws ERR_DATA_INVALID for a damaged file. */
export function hubPin(files: Files, folder: string): HubPin {
  const path = join(folder, HUB_FILE);
  return {
    async read() {
      if ((await files.stat(path)) === null) return null;
      const text = new TextDecoder().decode(await readWhole(files, path));
      const { body, isWhole } = openJson(text.trimEnd());
      const commit = isWhole ? (JSON.parse(body) as { commit?: unknown }).commit : undefined;
      if (typeof commit === 'string') return commit;
      const message =
        'found a damaged file, expected the commit of the hub that this run reads. Start the run anew with --fresh';
      throw new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file: path } });
    },
    write: (commit) => writeAtomic(files, path, `${sealJson(JSON.stringify({ commit }))}\n`),
  };
}
