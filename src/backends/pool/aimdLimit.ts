/**
 * How many requests one replica gets at once. A batching server has a best number: all its slots are full, with a short queue
 * behind them. That number changes with lengths and memory, and latency does not show it, because such a server gets slower the
 * better it is used. So the limit is steered by the server's own queue where it publishes one: waiting is held near a
 * tenth of what runs, after a slow start. Otherwise the limit increases until the server refuses (429, 503), as AIMD does.
 */

import {
  APPROACH_FACTOR,
  CONTRADICTIONS_MAX,
  DECREASE_FACTOR,
  FEW_SHARE,
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

export interface Limit {
  /** Requests that may be in flight now. */
  readonly value: number;
  /** The server has shown its size, so it need not be polled as often. */
  readonly isSettled: boolean;
  /** How the limit is steered at present. */
  readonly steering: 'server queue' | 'declared' | 'refusals';
  /** A poll of the metrics page, once a second; null where the page is missing or cannot be read. */
  observe(load: ServerLoad | null, outstanding: number): void;
  /** The server said that it is full: multiplicative decrease. */
  refused(): void;
  /** The replica came back or was replaced: slow start again. */
  reset(): void;
}

interface State {
  readonly slots: number | undefined;
  readonly limitMax: number;
  value: number;
  wasFull: boolean;
  /** The server has shown its size once: from then on the limit grows with care. */
  isSized: boolean;
  runningBefore: number;
  contradictions: number;
  /** The latest poll that differed from the one before it, and what was in flight then. */
  seen: (ServerLoad & { outstanding: number }) | null;
  /** Polls equal to that one since, with another load in flight. */
  frozen: number;
  /** Polls since the last change by the queue. */
  sinceChange: number;
  missing: number;
  justRefused: boolean;
}

export function createLimit(options: LimitOptions): Limit {
  const state = startState(options);
  return {
    get value() {
      return state.value;
    },
    get isSettled() {
      return state.isSized;
    },
    get steering() {
      if (state.missing <= 1 && !isWrong(state)) return 'server queue';
      return state.slots === undefined ? 'refusals' : 'declared';
    },
    observe: (load, outstanding) => observe(state, load, outstanding),
    refused() {
      // One decrease a poll: a burst of refusals is one piece of news.
      if (state.justRefused) return;
      state.justRefused = true;
      state.isSized = true;
      set(state, state.value * DECREASE_FACTOR);
    },
    reset() {
      Object.assign(state, startState(options));
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
    runningBefore: 0,
    contradictions: 0,
    seen: null,
    frozen: 0,
    sinceChange: METRIC_LAG_POLLS_MAX,
    missing: 0,
    justRefused: false,
  };
}

function startOf({ slots, limitMax }: LimitOptions): number {
  return Math.min(limitMax, slots === undefined ? LIMIT_START : slots + Math.ceil(slots * WAITING_SHARE));
}

function set(state: State, next: number): void {
  state.value = Math.max(1, Math.min(state.limitMax, Math.round(next)));
}

function observe(state: State, load: ServerLoad | null, outstanding: number): void {
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
  const denies = contradicts(state, load, outstanding);
  noteFrozen(state, load, outstanding);
  if (isWrong(state)) {
    if (!wasRefused) increase(state, isBinding);
  } else if (!denies) {
    followQueue(state, load, outstanding, isFull && !wasRefused);
  }
}

/** Gauges lag by seconds: only a page that keeps denying what is in flight is wrong. */
function contradicts(state: State, { running, waiting }: ServerLoad, outstanding: number): boolean {
  const denies = outstanding >= 8 && running + waiting < outstanding / 2;
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

function followQueue(state: State, load: ServerLoad, outstanding: number, isFull: boolean): void {
  const { running, waiting } = load;
  // Others may use the server too. We count the queue of all clients, but only our share of what runs.
  const share = Math.min(1, outstanding / Math.max(1, running + waiting));
  const target = Math.max(1, running * WAITING_SHARE);
  const isFilling = running > state.runningBefore * 1.05;
  state.runningBefore = running;
  state.sinceChange += 1;
  const hasCaughtUp = Math.abs(running + waiting - outstanding) <= Math.max(2, outstanding * 0.05);
  if (!hasCaughtUp && state.sinceChange <= METRIC_LAG_POLLS_MAX) return;
  if (waiting > 2 * target) {
    // While prompts are still being taken in, a queue says nothing of the slots.
    if (isFilling) return;
    state.isSized = true;
    change(state, running * share + target);
  } else if (waiting < 0.5 * target && isFull) {
    change(state, state.value * growthAt(waiting / target, state.isSized) + 1);
  }
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

function change(state: State, next: number): void {
  const { value } = state;
  set(state, next);
  if (state.value !== value) state.sinceChange = 0;
}

/** Without a page the limit increases slowly while it is what holds us back, to the declared size or until a refusal (AIMD). */
function increase(state: State, isBinding: boolean): void {
  const { slots, value, limitMax } = state;
  const most = slots === undefined ? limitMax : startOf(state);
  if (isBinding && value < most) set(state, Math.min(most, Math.max(value * INCREASE_FACTOR, value + 1)));
}
