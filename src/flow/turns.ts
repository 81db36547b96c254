/**
 * Rows that a step decides in one turn of the event loop. To decide a row may mean to recognise its language, or to start a
 * request: some milliseconds for so many rows. A count and not a time, so that what happens in which order does not depend on
 * the machine's speed.
 */
export const ROWS_A_TURN = 64;

const waiting: (() => void)[] = [];
/** Whether somebody has had this turn of the event loop. */
let isTaken = false;

/**
 * Calls `use` for 0 … count - 1, in as many turns of the event loop as that takes. One caller at a time has a turn, in the order
 * in which they ask, so that what all steps do with all their batches does not add up to one long turn, in which no reply would
 * be read and no request sent. Stops early once `isStopped` says so.
 */
export async function forEachInTurns(
  count: number,
  use: (at: number) => void,
  isStopped: () => boolean,
): Promise<void> {
  for (let from = 0; from < count; from += ROWS_A_TURN) {
    if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve));
    else takeTurn();
    if (isStopped()) return;
    const to = Math.min(count, from + ROWS_A_TURN);
    for (let at = from; at < to; at++) use(at);
  }
}

function takeTurn(): void {
  isTaken = true;
  setImmediate(endTurn);
}

function endTurn(): void {
  isTaken = false;
  const next = waiting.shift();
  if (!next) return;
  takeTurn();
  next();
}
