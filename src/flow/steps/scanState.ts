import { APPLIED_AT_ONCE_MAX, type CommittedDeltas, forEachDelta, smallPieces } from '../committedDeltas.js';
import type { StateDelta } from '../rowEvents.js';
import type { Scan, StepShape } from './outcome.js';
import { createStateHash } from './stateHash.js';
import { createWaitingDeltas } from './waitingDeltas.js';

/** The state of a stateful step: restored from earlier commits, and kept up with the rows that have passed. */
export interface ScanState<State> {
  readonly state: State;
  /** Hash of all deltas so far; undefined where nobody asks for it. Known once `catchUp` or `addReplayed` has settled. */
  hash(): string | undefined;
  /** Brings the state up to the last row that has passed. Null where it is there already. */
  catchUp(): Promise<void> | null;
  /** Takes the deltas of replayed rows, which end at `hi`. Null, or what the batch has to wait for. */
  addReplayed(hi: number, deltas: readonly StateDelta[]): Promise<void> | null;
  /** Takes the deltas that rows ending at `hi` led to. They are applied. */
  addDecided(hi: number, deltas: readonly StateDelta[]): void;
  /** What is still being read is not applied any more. */
  stop(): void;
}

export function createScanState<State, Delta>(
  shape: StepShape,
  scan: Scan<State, Delta>,
  committed: CommittedDeltas | undefined,
): ScanState<State> {
  const state = scan.init();
  // Without state there is nothing to restore.
  const restorable = state === null ? undefined : committed;
  const hash = shape.at === undefined || state === null ? null : createStateHash(shape.onState);
  const waiting = createWaitingDeltas(restorable);
  let isStopped = false;
  const filling = createFilling(scan.fill && (() => scan.fill!(state, () => isStopped)));
  let restoring = (restorable?.upTo() ?? 0) > 0 ? restore() : null;
  // Its failure ends the stream when the first batch comes.
  restoring?.catch(() => {});
  if (restoring) hash?.tellLater(restoring);
  else hash?.tell(null);

  function apply(value: unknown): void {
    scan.apply(state, value as Delta);
  }

  async function restore(): Promise<void> {
    scan.expect?.(state, restorable!.countMax());
    const committedPieces = smallPieces(restorable!.read(0, restorable!.upTo()), () => isStopped);
    const pieces = hash ? seenBy(hash.add, committedPieces) : committedPieces;
    if (scan.applyAll) await scan.applyAll(state, pieces as AsyncIterable<readonly Delta[]>);
    else for await (const values of pieces) values.forEach(apply);
    restoring = null;
  }

  async function makeWhole(): Promise<void> {
    await restoring;
    await filling.ended();
    await catchUp();
  }

  function catchUp(): Promise<void> | null {
    if (restoring || !filling.isEnded()) return makeWhole();
    if (waiting.count() > APPLIED_AT_ONCE_MAX) return forEachDelta(waiting.take(), apply, () => isStopped);
    for (const value of waiting.takeHeld()) apply(value);
    return null;
  }

  function addReplayed(hi: number, deltas: readonly StateDelta[]): void {
    if (state === null) return;
    waiting.add(deltas);
    hash?.tell(hi, deltas);
  }

  return {
    state,
    hash: () => hash?.current(),
    catchUp,
    addReplayed(hi, deltas) {
      if (restoring) return restoring.then(() => addReplayed(hi, deltas));
      addReplayed(hi, deltas);
      return null;
    },
    addDecided(hi, deltas) {
      waiting.appliedTo(hi);
      hash?.tell(hi, deltas);
    },
    stop: () => void (isStopped = true),
  };
}

async function* seenBy(
  see: (values: readonly unknown[]) => void,
  pieces: AsyncIterable<readonly unknown[]>,
): AsyncGenerator<readonly unknown[]> {
  for await (const values of pieces) {
    yield values;
    see(values);
  }
}

/** Makes the part of a state that takes long, once somebody waits for it: in a run that replays every row nobody does. */
function createFilling(fill: (() => Promise<void>) | undefined): {
  isEnded(): boolean;
  ended(): Promise<void>;
} {
  let isEnded = fill === undefined;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    await fill?.();
    isEnded = true;
  }

  return { isEnded: () => isEnded, ended: () => (running ??= run()) };
}
