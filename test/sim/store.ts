import assert from 'node:assert/strict';
import type { Model } from '../../src/backends/model.js';
import { requestKeys } from '../../src/backends/cache/requestKey.js';
import { type ReplyStore, withStore } from '../../src/backends/cache/stored.js';
import { ScaleQuestError } from '../../src/errors.js';
import type { SimulatedClock } from '../helpers/simulatedClock.js';
import type { Draws } from './draws.js';

/** What outlives the process: replies that were acknowledged, and maybe some that were not. */
export interface KeptReplies {
  replies: Map<string, string>;
  /** Asked of a server again though the store had it, or while the same was being asked. */
  paidTwice: string[];
  paid: number;
}

export function keepsNothing(): KeptReplies {
  return { replies: new Map(), paidTwice: [], paid: 0 };
}

const IDENTITY = 'sim';

/** The model behind the real `withStore`, on a store in memory that takes its time to make a reply durable. */
export function withSimulatedStore(
  model: Model,
  kept: KeptReplies,
  clock: SimulatedClock,
  draws: Draws,
  isDead: () => boolean,
): Model {
  const store: ReplyStore = {
    path: '/store',
    get: (key) => kept.replies.get(key),
    async put(key, text) {
      // A crash may come before it is durable, or after it is and before anybody is told.
      await clock.sleep(draws.whole(0, 30));
      if (isDead()) throw new ScaleQuestError('ERR_STORE_WRITE', 'a dead process writes nothing');
      kept.replies.set(key, text);
      await clock.sleep(draws.whole(0, 5));
    },
    count: () => {},
  };
  return withStore(paying(model, kept), store, IDENTITY);
}

/** Notes what is paid for twice. */
function paying(model: Model, kept: KeptReplies): Model {
  const keys = requestKeys(IDENTITY);
  const inFlight = new Set<string>();

  async function pay<T>(key: string, ask: () => Promise<T>): Promise<T> {
    if (kept.replies.has(key) || inFlight.has(key)) kept.paidTwice.push(key);
    kept.paid += 1;
    inFlight.add(key);
    try {
      return await ask();
    } finally {
      inFlight.delete(key);
    }
  }

  return {
    ...model,
    complete: (request) => pay(keys.complete(request), () => model.complete(request)),
    choose: (request) => pay(keys.choose(request), () => model.choose(request)),
  };
}

export function checkPaid({ paidTwice }: KeptReplies): void {
  assert.equal(paidTwice.length, 0, `store: ${paidTwice.length} replies were paid for twice`);
}
