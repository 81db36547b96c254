import type { CommittedDeltas } from '../committedDeltas.js';
import type { StateDelta } from '../rowEvents.js';

/**
 * Deltas of replayed rows, until a row has to be decided, which may never be. Those that are committed meanwhile are dropped,
 * and read again where they are needed: at most the deltas between two commits, and as many again as `LOOKED_THROUGH`, are held.
 */
export interface WaitingDeltas {
  add(deltas: readonly StateDelta[]): void;
  /** How many there are, or Infinity where some must be read. */
  count(): number;
  /** All of them, in order and in pieces. */
  take(): AsyncIterable<readonly unknown[]>;
  /** All of them, where none must be read. */
  takeHeld(): unknown[];
  /** The state holds all deltas of the positions below `hi`. */
  appliedTo(hi: number): void;
}

/** Waiting deltas are looked through, for those that are committed, whenever so many have come. */
const LOOKED_THROUGH = 4096;

export function createWaitingDeltas(committed: CommittedDeltas | undefined): WaitingDeltas {
  let appliedTo = committed?.upTo() ?? 0;
  /** Deltas from `appliedTo` up to here are committed, and not held. */
  let droppedTo = appliedTo;
  let held: StateDelta[] = [];
  let lookAt = LOOKED_THROUGH;

  function dropCommitted(upTo: number): void {
    held = held.filter(({ seq }) => seq >= upTo);
    droppedTo = Math.max(droppedTo, upTo);
    lookAt = held.length + LOOKED_THROUGH;
  }

  function takeHeld(): unknown[] {
    const values = held.map(({ value }) => value);
    held = [];
    lookAt = LOOKED_THROUGH;
    return values;
  }

  async function* take(): AsyncGenerator<readonly unknown[]> {
    const values = takeHeld();
    if (droppedTo > appliedTo) yield* committed!.read(appliedTo, droppedTo);
    yield values;
  }

  return {
    add(deltas) {
      for (const delta of deltas) held.push(delta);
      if (committed && held.length >= lookAt) dropCommitted(committed.upTo());
    },
    count: () => (droppedTo > appliedTo ? Infinity : held.length),
    take,
    takeHeld,
    appliedTo(hi) {
      appliedTo = hi;
      droppedTo = Math.max(droppedTo, hi);
    },
  };
}
