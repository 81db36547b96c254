import type { PipelineRun } from '../run/runPipeline.js';
import { readCommittedRows } from '../run/diff/readRun.js';
import { type SystemWorld, systemWorld } from '../run/systemWorld.js';
import { filledRemoved, filledRemover } from '../train/environment.js';
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
): Promise<ViewServer> {
  const { files, clock } = world;
  await readCommittedRows(files, folder);
  if (other !== null) await readCommittedRows(files, other);
  const feed = createFeed();
  const ending = new AbortController();
  await followFolder(folder, feed, { files, clock, signal: ending.signal });
  const answers = createAnswers({ folder, ...world });
  const deps = { folder, answers, feed, control: null, files, clock, other };
  const server = await serveView(port, deps).catch((error: unknown) => {
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

/** The page of a run in this process, which it can pause and stop. Follows the run from now on. */
export async function openLiveView(
  run: PipelineRun,
  { port = 0, stop }: { port?: number; stop: () => void },
  world: ViewWorld = systemWorld(),
): Promise<ViewServer> {
  const { plan, folder, events } = run;
  const { files, clock, now } = world;
  const feed = createFeed();
  const clean = filledRemover(plan.filled);
  const subscription = events.subscribe((event) => {
    const shown = plan.filled.size > 0 ? filledRemoved(event, clean) : event;
    feed.take(shown, now().toISOString());
  });
  const answers = createAnswers({ folder, plan, ...world });
  const control = { setPaused: run.setPaused, stop };
  const deps = { folder, answers, feed, control, files, clock, other: null };
  const server = await serveView(port, deps).catch((error: unknown) => {
    subscription.unsubscribe();
    throw error;
  });
  return {
    url: server.url,
    async close() {
      subscription.unsubscribe();
      await server.close();
    },
  };
}
