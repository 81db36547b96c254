import { readCommittedRows } from '../run/diff/readRun.js';
import { type SystemWorld, systemWorld } from '../run/systemWorld.js';
import { createAnswers } from './answers.js';
import { createFeed } from './feed.js';
import { followFolder } from './followFolder.js';
import { type ViewServer, serveView } from './serveView.js';

type ViewWorld = Pick<SystemWorld, 'files' | 'env' | 'clock' | 'now'>;

/**
 * The page of a run folder, finished or not, whichever process runs it. With `other`, the page also compares it with that run. Throws
 * ERR_RUN_FOLDER, ERR_DATA_INVALID, ERR_VIEW_LISTEN.
 */
export async function openView(
  folder: string,
  { port = 0, other = null }: { port?: number; other?: string | null } = {},
  world: ViewWorld = systemWorld(),
): Promise<Pick<ViewServer, 'url' | 'close'>> {
  const { files, clock } = world;
  await readCommittedRows(files, folder);
  if (other !== null) await readCommittedRows(files, other);
  const feed = createFeed();
  const ending = new AbortController();
  await followFolder(folder, feed, { files, clock, signal: ending.signal });
  const answers = createAnswers({ folder, ...world });
  const shown = { folder, answers, feed, control: null, other, chain: null };
  const server = await serveView(port, shown, { files, clock }).catch((error: unknown) => {
    ending.abort();
    throw error;
  });
  return {
    url: server.url,
    async close() {
      ending.abort();
      await server.close();
    },
  };
}
