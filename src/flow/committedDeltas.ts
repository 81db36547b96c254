/**
 * The state deltas of one step that the commits of a run hold. They lie on the disk and are read anew each time: nobody keeps
 * what grows with the rows of a run.
 */
export interface CommittedDeltas {
  /** All deltas of the positions below it are committed. It grows while the run goes on. */
  upTo(): number;
  /** At least as many as there are deltas of the step; 0 where nobody knows. */
  countMax(): number;
  /**
   * The deltas of the positions [from, to), in order, in pieces. `to` is at most what `upTo` gave. Throws ERR_IO_READ, and
   * ERR_DATA_INVALID for a file that is not as it was committed.
   */
  read(from: number, to: number): AsyncIterable<readonly unknown[]>;
}

/** So few that applying them holds the event loop for some milliseconds at most. */
export const APPLIED_AT_ONCE_MAX = 128;

/** Hands on each value, in order, and lets others have the event loop in between. Stops early once `isStopped` says so. */
export async function forEachDelta(
  pieces: AsyncIterable<readonly unknown[]>,
  apply: (value: unknown) => void,
  isStopped?: () => boolean,
): Promise<void> {
  for await (const values of smallPieces(pieces, isStopped)) values.forEach((value) => apply(value));
}

/**
 * The same values in pieces of at most APPLIED_AT_ONCE_MAX, between which others have the event loop. It ends early once `isStopped`
 * says so.
 */
export async function* smallPieces<Value>(
  pieces: AsyncIterable<readonly Value[]>,
  isStopped: () => boolean = () => false,
): AsyncGenerator<readonly Value[]> {
  for await (const values of pieces) {
    for (let at = 0; at < values.length; at += APPLIED_AT_ONCE_MAX) {
      if (isStopped()) return;
      yield values.slice(at, at + APPLIED_AT_ONCE_MAX);
      await new Promise(setImmediate);
    }
  }
}
