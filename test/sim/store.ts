import assert from 'node:assert/strict';
import type { Model } from '../../src/backends/model.js';
import { requestKeys } from '../../src/backends/cache/requestKey.js';
import { type ReplyStore, withStore } from '../../src/backends/cache/stored.js';
import { ScaleQuestError } from '../../src/errors.js';
import type { DeskStore } from '../../src/workers/replyDesk.js';
import type { SimulatedClock } from '../helpers/simulatedClock.js';
import type { Draws } from './draws.js';

/** What outlives the process: replies that were acknowledged, and maybe some that were not. */
export interface KeptReplies {
  replies: Map<string, string>;
  /** Asked of a server again though the store had it, or while the same was being asked. */
  paidTwice: string[];
  /** Another reply took the place of one that the store had. */
  replaced: string[];
  /** Requests that some process asks now, each with the lease of that process when it began. */
  asking: Map<string, Lease>;
  paid: number;
}

export function keepsNothing(): KeptReplies {
  return { replies: new Map(), paidTwice: [], replaced: [], asking: new Map(), paid: 0 };
}

const IDENTITY = 'sim';

/** A store in memory that takes its time to make a reply durable. */
export function simulatedStore(
  kept: KeptReplies,
  clock: SimulatedClock,
  draws: Draws,
  isDead: () => boolean,
): SimulatedStore {
  return {
    path: '/store',
    get: (key) => kept.replies.get(key),
    async put(key, text) {
      // A crash may come before it is durable, or after it is and before anybody is told.
      await clock.sleep(draws.whole(0, 30));
      if (isDead()) throw new ScaleQuestError('ERR_STORE_WRITE', 'a dead process writes nothing');
      if (kept.replies.has(key) && kept.replies.get(key) !== text) kept.replaced.push(key);
      kept.replies.set(key, text);
      await clock.sleep(draws.whole(0, 5));
    },
    count: () => {},
  };
}

export type SimulatedStore = ReplyStore & DeskStore;

/** Whether the run counts with a process, while one connection to it lasts. What it asks on a lost one, another may ask too. */
export interface Lease {
  isLost: boolean;
}

const KEPT_LEASE: Lease = { isLost: false };

/** A model behind the real `withStore`. `lease` gives the process's lease as it is now. */
export function storedModel(
  model: Model,
  store: ReplyStore,
  kept: KeptReplies,
  lease: () => Lease = () => KEPT_LEASE,
): Model {
  return withStore(paying(model, kept, lease), store, IDENTITY);
}

/** Notes what is paid for twice. */
function paying(model: Model, kept: KeptReplies, lease: () => Lease): Model {
  const keys = requestKeys(IDENTITY);

  async function pay<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const { asking } = kept;
    const own = lease();
    const isAsked = asking.has(key) && !asking.get(key)!.isLost;
    if (!own.isLost && (kept.replies.has(key) || isAsked)) kept.paidTwice.push(key);
    kept.paid += 1;
    asking.set(key, own);
    try {
      return await ask();
    } finally {
      if (asking.get(key) === own) asking.delete(key);
    }
  }

  return {
    ...model,
    complete: (request) => pay(keys.complete(request), () => model.complete(request)),
    choose: (request) => pay(keys.choose(request), () => model.choose(request)),
    embed: (request) => pay(keys.embed(request), () => model.embed(request)),
    score: (request) => pay(keys.score(request), () => model.score(request)),
    execute: (request) => pay(keys.execute(request), () => model.execute(request)),
  };
}

export function checkPaid({ paidTwice, replaced }: KeptReplies): void {
  assert.equal(replaced.length, 0, `store: ${replaced.length} replies were replaced by others`);
  assert.equal(paidTwice.length, 0, `store: ${paidTwice.length} replies were paid for twice`);
}
