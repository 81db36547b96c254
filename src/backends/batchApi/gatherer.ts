import type { Clock } from '../../clock.js';
import { BATCH_FILE_BYTES_MAX, BATCH_LINE_BYTES } from '../limits.js';

export interface GatherOptions {
  requestsPerBatchMax: number;
  gatherMs: number;
}

/** What of a call decides when and where it goes. */
export interface Gathered {
  seq: number;
  /** JSON. */
  body: string;
}

export interface Gatherer<Call> {
  add(call: Call, path: string): void;
  /** Calls that are in no batch yet. */
  count(): number;
}

/** Passes calls on when they fill a batch, or when no new call came for a while. Calls of the oldest rows go first. */
export function createGatherer<Call extends Gathered>(
  { gatherMs, requestsPerBatchMax }: GatherOptions,
  clock: Clock,
  signal: AbortSignal,
  give: (calls: readonly Call[], path: string) => void,
): Gatherer<Call> {
  let waiting: Call[] = [];
  let waitingBytes = 0;
  let arrivals = 0;
  let gathering = false;

  function flush(path: string): void {
    const calls = waiting.toSorted((a, b) => a.seq - b.seq);
    waiting = [];
    waitingBytes = 0;
    if (calls.length > 0) give(calls, path);
  }

  async function gather(path: string): Promise<void> {
    gathering = true;
    while (waiting.length > 0 && !signal.aborted) {
      const before = arrivals;
      await clock.sleep(gatherMs, signal).catch(() => undefined);
      if (arrivals === before && !signal.aborted) flush(path);
    }
    gathering = false;
  }

  return {
    count: () => waiting.length,
    add(call, path) {
      waiting.push(call);
      waitingBytes += Buffer.byteLength(call.body) + BATCH_LINE_BYTES;
      arrivals++;
      if (waiting.length >= requestsPerBatchMax || waitingBytes >= BATCH_FILE_BYTES_MAX) flush(path);
      else if (!gathering) void gather(path);
    },
  };
}
