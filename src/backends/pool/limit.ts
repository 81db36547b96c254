/**
 * How many requests one replica is given at once. A batching server has a best number: all its slots full and a short
 * queue behind them. It changes with lengths and memory, and latency does not show it, because such a server gets slower
 * the better it is used. So the limit is steered by the server's own queue where it publishes one: waiting is held near a
 * tenth of what runs. Otherwise it rises until the server refuses (429, 503).
 */

/** A reading of the server's metrics page. */
export interface ServerLoad {
  running: number;
  waiting: number;
}

export interface LimitOptions {
  /** Slots of the server where the user knows them (vLLM's --max-num-seqs). */
  slots?: number | undefined;
  /** Never more than this. */
  limitMax: number;
}

export interface Limit {
  /** Requests that may be out now. */
  readonly value: number;
  /** The server has shown its size: looking at it less often will do. */
  readonly isSettled: boolean;
  /** How the limit is steered at present. */
  readonly steering: 'server queue' | 'declared' | 'refusals';
  /** A reading, once a second; null where the page is missing or cannot be read. */
  observe(load: ServerLoad | null, outstanding: number): void;
  /** The server said that it is full. */
  refused(): void;
  /** The replica came back or was replaced: begin again. */
  reset(): void;
}

/** More than a small server's slots: what is too much only waits in its queue, what is too little idles it. */
const START = 64;
const WAITING_SHARE = 0.1;
const SHRINK = 0.8;
/** Of the queue that is wanted: so few are none. */
const FEW_SHARE = 0.2;
/** Readings that contradict what we know to be out, before the page is taken for wrong. */
const CONTRADICTIONS_MAX = 20;
/** After a change, looks until the page must have heard of it: gauges lag by seconds, others' calls hide whether it has. */
const UNHEARD_MAX = 6;

interface State {
  readonly slots: number | undefined;
  readonly limitMax: number;
  value: number;
  wasFull: boolean;
  /** The server has shown its size once: from then on the limit grows with care. */
  isSized: boolean;
  runningBefore: number;
  contradictions: number;
  /** The latest reading that differed from the one before it, and what was out then. */
  seen: (ServerLoad & { outstanding: number }) | null;
  /** Readings equal to that one since, with another load out. */
  frozen: number;
  /** Looks since the last change by the queue. */
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
      // One cut a reading: a burst of refusals is one piece of news.
      if (state.justRefused) return;
      state.justRefused = true;
      state.isSized = true;
      set(state, state.value * SHRINK);
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
    sinceChange: UNHEARD_MAX,
    missing: 0,
    justRefused: false,
  };
}

function startOf({ slots, limitMax }: LimitOptions): number {
  return Math.min(limitMax, slots === undefined ? START : slots + Math.ceil(slots * WAITING_SHARE));
}

function set(state: State, next: number): void {
  state.value = Math.max(1, Math.min(state.limitMax, Math.round(next)));
}

function observe(state: State, load: ServerLoad | null, outstanding: number): void {
  // Two looks in a row, because between two requests the count is briefly one short.
  const isFull = outstanding >= state.value * 0.9;
  const isBinding = isFull && state.wasFull;
  state.wasFull = isFull;
  state.missing = load === null ? state.missing + 1 : 0;
  const wasRefused = state.justRefused;
  state.justRefused = false;
  if (load === null) {
    if (state.missing > 1 && !wasRefused) rise(state, isBinding);
    return;
  }
  const denies = contradicts(state, load, outstanding);
  noteFrozen(state, load, outstanding);
  if (isWrong(state)) {
    if (!wasRefused) rise(state, isBinding);
  } else if (!denies) {
    followQueue(state, load, outstanding, isFull && !wasRefused);
  }
}

/** Gauges lag by seconds: only a page that keeps denying what is out is wrong. */
function contradicts(state: State, { running, waiting }: ServerLoad, outstanding: number): boolean {
  const denies = outstanding >= 8 && running + waiting < outstanding / 2;
  state.contradictions = denies ? state.contradictions + 1 : 0;
  return denies;
}

/** A page that stays the same to the digit while what is out halves or doubles does not look at its server. */
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
  // Others may use the server too; the queue is held for all, our part of what runs is ours.
  const share = Math.min(1, outstanding / Math.max(1, running + waiting));
  const target = Math.max(1, running * WAITING_SHARE);
  const isFilling = running > state.runningBefore * 1.05;
  state.runningBefore = running;
  state.sinceChange += 1;
  const isHeard = Math.abs(running + waiting - outstanding) <= Math.max(2, outstanding * 0.05);
  if (!isHeard && state.sinceChange <= UNHEARD_MAX) return;
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
 * A few that wait are between two steps of the server, and no queue: a limit that was cut too far, as when the server paused
 * while it took its first requests in, is back within seconds.
 */
function growthAt(waitingOfTarget: number, isSized: boolean): number {
  if (waitingOfTarget >= FEW_SHARE) return 1.05;
  return isSized ? 1.25 : 2;
}

function change(state: State, next: number): void {
  const { value } = state;
  set(state, next);
  if (state.value !== value) state.sinceChange = 0;
}

/** Without a page: slowly up while the limit is what holds us back, to the declared size or until a refusal. */
function rise(state: State, isBinding: boolean): void {
  const { slots, value, limitMax } = state;
  const most = slots === undefined ? limitMax : startOf(state);
  if (isBinding && value < most) set(state, Math.min(most, Math.max(value * 1.1, value + 1)));
}
