import { ScaleQuestError } from '../../src/errors.js';
import type { StepResultCache } from '../../src/run/stream/runPlan.js';
import type { SimulatedClock } from '../helpers/simulatedClock.js';
import type { Draws } from './draws.js';

/** The step results that outlive the process, by step and first row, and how many rows were replayed from them. */
export interface StoredStepResults {
  records: Map<string, Buffer>;
  replayedRows: number;
}

export function noStepResults(): StoredStepResults {
  return { records: new Map(), replayedRows: 0 };
}

/** A cache in memory that takes its time to store a segment, and stores all of it or nothing. */
export function simulatedStepResults(
  stored: StoredStepResults,
  clock: SimulatedClock,
  draws: Draws,
  isDead: () => boolean,
): StepResultCache {
  const keyOf = (step: number, lo: number): string => `${step} ${lo}`;
  return {
    segmentRows: draws.whole(1, 12),
    get: (step, lo) => stored.records.get(keyOf(step, lo)),
    async put(lo, results) {
      await clock.sleep(draws.whole(0, 60));
      if (isDead()) throw new ScaleQuestError('ERR_STORE_WRITE', 'a dead process writes nothing');
      for (const { step, bytes } of results) stored.records.set(keyOf(step, lo), bytes);
    },
    count: (rows) => (stored.replayedRows += rows),
  };
}
