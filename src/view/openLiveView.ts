import type { Subscription } from 'rxjs';
import type { Plan } from '../pipeline/plan.js';
import type { ChainPlace, FollowedWork } from '../run/chain/chainLinks.js';
import type { PipelineRun } from '../run/runPipeline.js';
import { type SystemWorld, systemWorld } from '../run/systemWorld.js';
import { filledRemoved, filledRemover } from '../train/environment.js';
import { createAnswers } from './answers.js';
import { createFeed } from './feed.js';
import { serveView } from './serveView.js';

/** The page of what goes on in this process. */
export interface LiveView {
  /** The address with the token. */
  readonly url: string;
  /** From now on it shows this run, which it can pause; or a link of a chain. */
  follow(work: PipelineRun | FollowedWork, chain?: ChainPlace): void;
  /** Pages see the end first. */
  close(): Promise<void>;
}

/**
 * Serves the page before there is a run; pages that are open follow from one run to the next. `stop` ends whatever runs. Throws
 * ERR_VIEW_LISTEN.
 */
export async function openLiveView(
  { port = 0, stop }: { port?: number; stop: () => void },
  world: Pick<SystemWorld, 'files' | 'env' | 'clock' | 'now'> = systemWorld(),
): Promise<LiveView> {
  const { files, clock, now } = world;
  const nothing = { folder: '', answers: null, feed: createFeed(), control: null, other: null, chain: null };
  const server = await serveView(port, nothing, { files, clock });
  let subscription: Subscription | null = null;
  return {
    url: server.url,
    follow(work, chain) {
      subscription?.unsubscribe();
      const { plan, folder, events } = work;
      const whole = planOf(work);
      const feed = createFeed();
      const clean = filledRemover(plan.filled);
      subscription = events.subscribe((event) => {
        const shown = plan.filled.size > 0 ? filledRemoved(event, clean) : event;
        feed.take(shown, now().toISOString());
      });
      server.show({
        ...{ folder, feed, other: null, control: { setPaused: pauseOf(work), stop } },
        answers: whole ? createAnswers({ folder, plan: whole, ...world }) : null,
        chain: chain ? filledRemoved(chain, clean) : null,
      });
    },
    async close() {
      subscription?.unsubscribe();
      await server.close();
    },
  };
}

/** A run folder can be read of what has a whole plan; a program of a chain has none. */
function planOf({ plan }: FollowedWork): Plan | null {
  return 'file' in plan ? (plan as Plan) : null;
}

/** Trainings and programs cannot be paused. */
function pauseOf(work: PipelineRun | FollowedWork): ((isPaused: boolean) => void) | null {
  return 'setPaused' in work ? work.setPaused : null;
}
