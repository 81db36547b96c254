import type { MeasuredEvent } from '../events.js';

/** The first minute is logged by the second; from then on the time between two lines grows with the run. */
const PERIOD_MIN_S = 1;
const PERIOD_SHARE = 1 / 60;
/** A line without its replicas is far shorter than this, however many servers there are. */
const LINE_CHARS_MAX = 1 << 16;

/**
 * Says which measurements the log gets: some 60 of the first minute, and 60 more each time the run has lasted e times as long, so
 * about 500 in a day and 900 in a year. `earlierS`: how long the earlier starts of the run lasted.
 */
export function logTimes(earlierS: number): (event: MeasuredEvent) => boolean {
  let dueS = 0;
  return ({ elapsedS, isLast }) => {
    if (isLast) return true;
    // Ticks come a little early or late.
    if (elapsedS + PERIOD_MIN_S / 2 < dueS) return false;
    dueS = elapsedS + Math.max(PERIOD_MIN_S, (earlierS + elapsedS) * PERIOD_SHARE);
    return true;
  };
}

/** A measurement as the log has it. */
export function loggedOf(event: MeasuredEvent): MeasuredEvent {
  if (JSON.stringify(event).length <= LINE_CHARS_MAX) return event;
  const models = Object.entries(event.models).map(([name, { replicas: _, ...stats }]) => [name, stats]);
  return { ...event, models: Object.fromEntries(models) as MeasuredEvent['models'] };
}
