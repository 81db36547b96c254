import { ScaleQuestError } from '../../src/errors.js';
import type { Decisions } from '../../src/run/runPlan.js';
import type { SimulatedClock } from '../helpers/simulatedClock.js';
import type { Draws } from './draws.js';

/** What outlives the process: decisions that were kept, by step and first row, and how many rows came with them. */
export interface KeptDecisions {
  byPlace: Map<string, Buffer>;
  recalledRows: number;
}

export function decidesAnew(): KeptDecisions {
  return { byPlace: new Map(), recalledRows: 0 };
}

/** A place in memory that takes its time to keep what was decided; all of a stretch, or nothing. */
export function simulatedDecisions(
  kept: KeptDecisions,
  clock: SimulatedClock,
  draws: Draws,
  isDead: () => boolean,
): Decisions {
  const place = (step: number, lo: number): string => `${step} ${lo}`;
  return {
    stretchRows: draws.whole(1, 12),
    get: (step, lo) => kept.byPlace.get(place(step, lo)),
    async put(lo, decisions) {
      await clock.sleep(draws.whole(0, 60));
      if (isDead()) throw new ScaleQuestError('ERR_STORE_WRITE', 'a dead process writes nothing');
      for (const { step, bytes } of decisions) kept.byPlace.set(place(step, lo), bytes);
    },
    count: (rows) => (kept.recalledRows += rows),
  };
}
