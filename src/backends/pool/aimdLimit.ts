/**
 * How many sequences one replica gets at once: a request of n choices is n of them, as the server and its metrics page count. A
 * batching server has a best number: all its slots are full, with a short queue behind them. That number changes with lengths
 * and memory, and latency does not show it, because such a server gets slower the better it is used. So the limit is steered by
 * the server's own queue where it publishes one: waiting is held near a tenth of what runs, after a slow start. Otherwise the
 * limit increases until the server refuses (429, 503), as AIMD does.
 *
 * A page shows what runs between two steps of the server. Calls that one step serves (scores, probabilities of one token) are
 * seen waiting but never running there, as if the server had no slots. So the limit is never cut below what the server answers
 * in half a second: by Little's law, fewer could keep it idle while they travel.
 */

import {
  ANSWERED_MS,
  APPROACH_FACTOR,
  CONTRADICTIONS_MAX,
  DECREASE_FACTOR,
  FEW_SHARE,
  FIRST_POLLS_MAX,
  INCREASE_FACTOR,
  LIMIT_START,
  METRIC_LAG_POLLS_MAX,
  RECOVERY_FACTOR,
  SLOW_START_FACTOR,
  WAITING_SHARE,
} from '../limits.js';
import type { ServerLoad } from './serverLoad.js';

export interface LimitOptions {
  /** Slots of the server where the user knows them (vLLM's --max-num-seqs). */
  slots?: number | undefined;
  /** The limit is never larger than this. */
  limitMax: number;
}

/** What we know of our own calls at a server. */
export interface Ours {
  /** Their sequences. */
  outstanding: number;
  calls: number;
  /** Sequences that it has answered a second, since the poll before. */
  answeredPerS: number;
}

export interface Limit {
  /** Sequences that may be in flight now. */
  readonly value: number;
  /** The value is never larger than this. */
  readonly max: number;
  /** The server has shown its size, or has had time to, so it need not be polled as often. */
  readonly isSettled: boolean;
  /** Slow start: the last poll has doubled the limit, or none has been made. A server whose size is declared has none. */
  readonly isDoubling: boolean;
  /** How the limit is steered at present. */
  readonly steering: 'server queue' | 'declared' | 'refusals';
  /** A poll of the metrics page, once a second; null where the page is missing or cannot be read. */
  observe(load: ServerLoad | null, ours: Ours): void;
  /** The server said that it is full: multiplicative decrease. */
  refused(): void;
  /**
   * The replica was away, and comes back as it was, most likely: it gets as much as before, and is polled as in slow start until it
   * has shown its size.
   */
  restarted(): void;
}

interface State {
  readonly slots: number | undefined;
  readonly limitMax: number;
  value: number;
  wasFull: boolean;
  /** The server has shown its size once: from then on the limit grows with care. */
  isSized: boolean;
  isDoubling: boolean;
  /** Since it began. */
  polls: number;
  /** The poll before. */
  before: ServerLoad;
  contradictions: number;
  /** The latest poll that differed from the one before it, and what was in flight then. */
  seen: (ServerLoad & { outstanding: number }) | null;
  /** Polls equal to that one since, with another load in flight. */
  frozen: number;
  /** Polls since the last change by the queue. */
  sinceChange: number;
  missing: number;
  justRefused: boolean;
  /** Where the server refused, no rate of answers raises the limit above what it was cut to. */
  rateMax: number;
  /** What we had outstanding when the queue last changed the limit, and what the page showed then. */
  changedAt: { outstanding: number; shown: number };
}

export function createLimit(options: LimitOptions): Limit {
  const state = startState(options);
  return {
    get value() {
      return state.value;
    },
    max: options.limitMax,
    get isSettled() {
      return state.isSized || state.polls > FIRST_POLLS_MAX;
    },
    get isDoubling() {
      return state.isDoubling;
    },
    get steering() {
      if (state.missing <= 1 && !isWrong(state)) return 'server queue';
      return state.slots === undefined ? 'refusals' : 'declared';
    },
    observe: (load, ours) => observe(state, load, ours),
    refused() {
      // One decrease a poll: a burst of refusals is one piece of news.
      if (state.justRefused) return;
      state.justRefused = true;
      state.isSized = true;
      set(state, state.value * DECREASE_FACTOR);
      state.rateMax = state.value;
    },
    restarted() {
      Object.assign(state, { ...startState(options), value: state.value });
    },
  };
}

function startState({ slots, limitMax }: LimitOptions): State {
  return {
    slots,
    limitMax,
    value: startOf({ slots, limitMax }),
    wasFull: false,
    isSized: false,
    isDoubling: slots === undefined,
    polls: 0,
    before: { running: 0, waiting: 0 },
    contradictions: 0,
    seen: null,
    frozen: 0,
    sinceChange: METRIC_LAG_POLLS_MAX,
    missing: 0,
    justRefused: false,
    rateMax: Infinity,
    changedAt: { outstanding: 0, shown: 0 },
  };
}

function startOf({ slots, limitMax }: LimitOptions): number {
  return Math.min(limitMax, slots === undefined ? LIMIT_START : slots + Math.ceil(slots * WAITING_SHARE));
}

function set(state: State, next: number): void {
  state.value = Math.max(1, Math.min(state.limitMax, Math.round(next)));
}

function observe(state: State, load: ServerLoad | null, ours: Ours): void {
  const { outstanding } = ours;
  state.polls += 1;
  state.isDoubling = false;
  // Two polls in a row, because between two requests the count is briefly one short.
  const isFull = outstanding >= state.value * 0.9;
  const isBinding = isFull && state.wasFull;
  state.wasFull = isFull;
  state.missing = load === null ? state.missing + 1 : 0;
  const wasRefused = state.justRefused;
  state.justRefused = false;
  if (load === null) {
    if (state.missing > 1 && !wasRefused) increase(state, isBinding);
    return;
  }
  const denies = contradicts(state, load, ours);
  noteFrozen(state, load, outstanding);
  if (isWrong(state)) {
    if (!wasRefused) increase(state, isBinding);
  } else if (!denies) {
    followQueue(state, load, ours, isFull && !wasRefused);
  }
  if (denies && !wasRefused) set(state, Math.max(state.value, leastBy(state, ours)));
}

/** Gauges lag by seconds: only a page that keeps denying what is in flight is wrong. A call has one sequence left at least. */
function contradicts(state: State, { running, waiting }: ServerLoad, { calls }: Ours): boolean {
  const denies = calls >= 8 && running + waiting < calls / 2;
  state.contradictions = denies ? state.contradictions + 1 : 0;
  return denies;
}

/** A page that stays the same to the digit while the requests in flight halve or double does not show its server. */
function noteFrozen(state: State, load: ServerLoad, outstanding: number): void {
  const { seen } = state;
  if (seen === null || load.running !== seen.running || load.waiting !== seen.waiting) {
    state.seen = { ...load, outstanding };
    state.frozen = 0;
  } else if (Math.abs(outstanding - seen.outstanding) > Math.max(8, seen.outstanding / 2)) {
    state.frozen += 1;
  }
}

function isWrong({ contradictions, frozen }: State): boolean {
  return Math.max(contradictions, frozen) >= CONTRADICTIONS_MAX;
}

function followQueue(state: State, load: ServerLoad, ours: Ours, isFull: boolean): void {
  const { running, waiting } = load;
  // Calls come whole: a queue of less than one, and what may be left of another, leaves slots idle until the next is there.
  const target = Math.max(1, running * WAITING_SHARE, 2 * sequencesPerCall(ours) - 1);
  const { before } = state;
  const isFilling = running > before.running * 1.05;
  // A page between two steps may show calls that the next one lets in: a queue counts that two polls in a row have seen.
  const stood = { running: Math.max(running, before.running), waiting: Math.min(waiting, before.waiting) };
  state.before = load;
  state.sinceChange += 1;
  if (!hasCaughtUp(state, load, ours) && state.sinceChange <= METRIC_LAG_POLLS_MAX) return;
  if (stood.waiting > 2 * target) {
    // While prompts are still being taken in, a queue says nothing of the slots.
    if (isFilling) return;
    state.isSized = true;
    change(state, Math.max(oursOf(stood, target, ours), leastBy(state, ours)), load, ours);
  } else if (waiting < 0.5 * target && isFull) {
    const growth = growthAt(waiting / target, state.isSized);
    change(state, state.value * growth + 1, load, ours);
    state.isDoubling = growth === SLOW_START_FACTOR && state.sinceChange === 0;
  }
}

/** What a server must be given that answers so many: it may work on more than its page can show. */
function leastBy({ rateMax }: State, { answeredPerS }: Ours): number {
  return Math.min(rateMax, (answeredPerS * ANSWERED_MS) / 1000);
}

function sequencesPerCall({ outstanding, calls }: Ours): number {
  return calls > 0 ? outstanding / calls : 1;
}

/**
 * Whether the page shows the last change of the limit: what it shows has followed our sequences at least half of their way. It
 * need not show them all: some are travelling, and some of a call of many have ended before its last.
 */
function hasCaughtUp({ changedAt }: State, { running, waiting }: ServerLoad, ours: Ours): boolean {
  const moved = ours.outstanding - changedAt.outstanding;
  const fewest = Math.max(2, changedAt.outstanding * 0.05, sequencesPerCall(ours));
  return Math.abs(moved) <= fewest || (running + waiting - changedAt.shown) / moved >= 0.5;
}

/**
 * What we must have outstanding for `running` sequences and a queue of `target`. Others may use the server too: we count the
 * queue of all clients, but only our share of what runs. Or we have more outstanding than the page shows, because some
 * sequences of unfinished calls have ended.
 */
function oursOf({ running, waiting }: ServerLoad, target: number, { outstanding }: Ours): number {
  const ofShown = outstanding / Math.max(1, running + waiting);
  return ofShown < 1 ? running * ofShown + target : (running + target) * ofShown;
}

/**
 * A few waiting requests are only between two steps of the server, and no queue. So a limit that was cut too far, for example
 * because the server paused while it took in its first requests, is back within seconds. Slow start doubles the limit until the
 * server has shown its size.
 */
function growthAt(waitingOfTarget: number, isSized: boolean): number {
  if (waitingOfTarget >= FEW_SHARE) return APPROACH_FACTOR;
  return isSized ? RECOVERY_FACTOR : SLOW_START_FACTOR;
}

function change(state: State, next: number, { running, waiting }: ServerLoad, { outstanding }: Ours): void {
  const { value } = state;
  set(state, next);
  if (state.value === value) return;
  state.sinceChange = 0;
  state.changedAt = { outstanding, shown: running + waiting };
}

/** Without a page the limit increases slowly while it is what holds us back, to the declared size or until a refusal (AIMD). */
function increase(state: State, isBinding: boolean): void {
  const { slots, value, limitMax } = state;
  const most = slots === undefined ? limitMax : startOf(state);
  if (isBinding && value < most) set(state, Math.min(most, Math.max(value * INCREASE_FACTOR, value + 1)));
}
