import { setMaxListeners } from 'node:events';
import { RowError } from '../errors.js';
import type { Clock } from './clock.js';
import { type Limit, type ServerLoad, createLimit } from './limit.js';
import { type Poster, createPoster } from './postJson.js';
import { type Entry, type Queue, createQueue } from './queue.js';
import { type ServerHealth, TryFailure } from './retry.js';
import { readServerLoad } from './serverLoad.js';

/** One server of a model. */
export interface Replica {
  readonly index: number;
  readonly url: string;
  readonly limit: Limit;
  /** Requests that it was given and has not answered. */
  outstanding: number;
  isUp: boolean;
  /** It has refused calls (429, 503) and answered none since: it is given one call at a time, not before `nextKnockMs`. */
  isRefusing: boolean;
  refusedMs: number;
  nextKnockMs: number;
  /** Failures since its last answer. */
  failuresInARow: number;
}

export interface PoolStats {
  inFlight: number;
  queued: number;
  replicas: { url: string; isUp: boolean; limit: number; steering: Limit['steering']; outstanding: number }[];
}

/**
 * The servers of one or more models that share them. A call waits, oldest row first, until a replica has room, and goes to
 * the one with the least outstanding work for its limit; of the first few that wait, one whose row has its home there. A
 * replica that cannot be reached is ejected, probed, and taken back; its calls go to the others.
 */
export interface Pool {
  readonly health: ServerHealth;
  /** Settles as `call` does, after moving it away from replicas that died under it. */
  run<T>(seq: number, call: (replica: Replica) => Promise<T>): Promise<T>;
  stats(): PoolStats;
  /** Whether every server answers a question about its models with 200. */
  isThere(): Promise<boolean>;
  close(): Promise<void>;
}

export interface PoolOptions {
  urls: readonly string[];
  /** Slots of each server, where the user knows them. */
  slots?: number | undefined;
  requestsInFlightMax: number;
  headers: Readonly<Record<string, string>>;
  clock: Clock;
  /** A row's calls go to one replica, which may remember their prompt, where that idles none; true unless given. */
  sameRowTogether?: boolean;
  /** How a server is looked at; over HTTP unless given. */
  openLooker?: OpenLooker;
}

const LOOK_PERIOD_MS = 1_000;
/** Until a server has shown its size, and as long as it may take to. */
const FIRST_LOOKS_PERIOD_MS = 250;
const FIRST_LOOKS_MAX = 40;
const LOOK_TIMEOUT_MS = 2_000;
const FIRST_KNOCK_MS = 250;
const KNOCK_PERIOD_MS = 1_000;
/** Failures in a row, of whatever kind, that eject a replica while another is up. */
const FAILURES_MAX = 8;

/** What the parts of a pool share. */
interface State {
  readonly clock: Clock;
  readonly replicas: readonly Replica[];
  readonly lookers: readonly Looker[];
  readonly queue: Queue<Replica>;
  readonly closing: AbortController;
  looking: boolean;
}

export function createPool(options: PoolOptions): Pool {
  const { urls, headers, clock, openLooker = lookerAt, sameRowTogether = true } = options;
  const health: ServerHealth = { answeredMs: undefined };
  const replicas = urls.map((url, index) => newReplica(options, url, index));
  const lookers = urls.map((url) => openLooker(url, headers, health, clock));
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const prefers = (replica: Replica, seq: number): boolean => homeOf(replicas, seq) === replica;
  const queue = createQueue<Replica>({
    take: () => take(state),
    giveBack: (replica) => void (replica.outstanding -= 1),
    ...(urls.length > 1 && sameRowTogether && { prefers }),
  });
  const state: State = { clock, replicas, lookers, queue, closing, looking: false };

  return {
    health,
    run: (seq, call) => run(state, seq, call),
    stats: () => ({
      inFlight: queue.inFlight,
      queued: queue.queued,
      replicas: replicas.map(({ url, isUp, limit, outstanding }) => {
        return { url, isUp, limit: limit.value, steering: limit.steering, outstanding };
      }),
    }),
    async isThere() {
      return (await Promise.all(lookers.map((looker) => looker.isReady()))).every(Boolean);
    },
    async close() {
      closing.abort();
      queue.close();
      await Promise.all(lookers.map((looker) => looker.close()));
    },
  };
}

function newReplica({ slots, requestsInFlightMax }: PoolOptions, url: string, index: number): Replica {
  return {
    index,
    url,
    limit: createLimit({ slots, limitMax: requestsInFlightMax }),
    outstanding: 0,
    isUp: true,
    isRefusing: false,
    refusedMs: 0,
    nextKnockMs: 0,
    failuresInARow: 0,
  };
}

function take(state: State): Replica | null {
  const best = choose(state.replicas, state.clock.nowMs());
  if (best?.isRefusing) knockLater(state, best, KNOCK_PERIOD_MS);
  if (best) best.outstanding += 1;
  return best;
}

/** Where the next call goes; null where there is no room for it now. */
function choose(replicas: readonly Replica[], nowMs: number): Replica | null {
  let best: Replica | null = null;
  for (const replica of replicas) {
    const { isUp, outstanding, limit, isRefusing, nextKnockMs } = replica;
    if (!isUp || outstanding >= limit.value || (isRefusing && nextKnockMs > nowMs)) continue;
    if (best === null || outstanding / limit.value < best.outstanding / best.limit.value) best = replica;
  }
  if (best || isAnyUp(replicas)) return best;
  // With all of them down, one call each keeps knocking: its failures tell how long nobody has answered.
  return replicas.find(({ outstanding }) => outstanding === 0) ?? null;
}

/** The replica that a row's calls prefer, spread evenly by its seq; the next one while that is down. */
function homeOf(replicas: readonly Replica[], seq: number): Replica | undefined {
  const hash = Math.imul(seq ^ (seq >>> 15), 0x9e3779b1) >>> 8;
  for (let step = 0; step < replicas.length; step++) {
    const replica = replicas[(hash + step) % replicas.length]!;
    if (replica.isUp) return replica;
  }
  return undefined;
}

function isAnyUp(replicas: readonly Replica[]): boolean {
  return replicas.some(({ isUp }) => isUp);
}

/** A call on its way to an answer. */
interface Moving<T> extends Entry<Replica> {
  call(replica: Replica): Promise<T>;
  resolve(value: T): void;
  moves: number;
}

function run<T>(state: State, seq: number, call: (replica: Replica) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const begin = (replica: Replica): void => void attempt(state, moving, replica);
    const moving: Moving<T> = { seq, begin, resolve, reject, call, moves: 0 };
    state.queue.enter(moving);
    if (!state.looking) void look(state);
  });
}

/** What the outcome says of the replica is noted before its place is free and taken by the next call. */
async function attempt<T>(state: State, moving: Moving<T>, replica: Replica): Promise<void> {
  const { clock, queue, closing, replicas } = state;
  const startedMs = clock.nowMs();
  try {
    const value = await moving.call(replica);
    answered(state, replica, startedMs);
    queue.leave(moving, replica);
    moving.resolve(value);
  } catch (error) {
    if (error instanceof RowError) answered(state, replica, startedMs);
    const canMove = error instanceof TryFailure && failed(state, replica, error) && isConnection(error);
    queue.leave(moving, replica);
    // Not its fault and not the row's: it moves on at once, but not for ever, for it may be what kills them.
    if (canMove && !closing.signal.aborted && moving.moves++ < replicas.length) queue.enter(moving);
    else moving.reject(error);
  }
}

function answered(state: State, replica: Replica, startedMs: number): void {
  replica.failuresInARow = 0;
  if (!replica.isUp) takeBack(state, replica);
  // What it had taken in before it began to refuse says nothing of what it takes now.
  if (!replica.isRefusing || startedMs < replica.refusedMs) return;
  replica.isRefusing = false;
  state.queue.wake();
}

/** Whether the replica is out, and others are there. */
function failed(state: State, replica: Replica, failure: TryFailure): boolean {
  if (failure.kind === 'busy') {
    if (!replica.isRefusing) {
      // That it refuses is news once; what it does to those that knock says nothing of its size.
      replica.limit.refused();
      knockLater(state, replica, Math.min(failure.retryAfterMs || FIRST_KNOCK_MS, KNOCK_PERIOD_MS));
    }
    replica.isRefusing = true;
    replica.refusedMs = state.clock.nowMs();
    return false;
  }
  replica.failuresInARow += 1;
  const areOthersUp = state.replicas.some((other) => other !== replica && other.isUp);
  const failsAll = replica.failuresInARow >= FAILURES_MAX && areOthersUp;
  if (failure.kind === 'unreachable' || failsAll) replica.isUp = false;
  if (!replica.isUp) state.queue.wake();
  return !replica.isUp && areOthersUp;
}

/** What Retry-After says holds for the refused call; whether the server takes calls again is asked sooner, by one of them. */
function knockLater({ clock, queue, closing }: State, replica: Replica, waitMs: number): void {
  const knockMs = clock.nowMs() + waitMs;
  replica.nextKnockMs = knockMs;
  const knock = (): void => {
    // A timer may fire a fraction of a millisecond early.
    if (replica.nextKnockMs === knockMs) replica.nextKnockMs = 0;
    queue.wake();
  };
  void clock.sleep(waitMs, closing.signal).then(knock, () => undefined);
}

function takeBack({ queue }: State, replica: Replica): void {
  replica.isUp = true;
  replica.isRefusing = false;
  replica.failuresInARow = 0;
  replica.limit.reset();
  queue.wake();
}

/** Looks at every replica once a second while there is work: its load if it is up, whether it is back if not. */
async function look(state: State): Promise<void> {
  const { clock, queue, replicas, closing } = state;
  if (state.looking || closing.signal.aborted) return;
  state.looking = true;
  for (let looks = 0; queue.inFlight + queue.queued > 0; looks++) {
    const isSettled = looks > FIRST_LOOKS_MAX || replicas.every(({ limit }) => limit.isSettled);
    const periodMs = isSettled ? LOOK_PERIOD_MS : FIRST_LOOKS_PERIOD_MS;
    await clock.sleep(periodMs, closing.signal).catch(() => undefined);
    if (closing.signal.aborted) break;
    await Promise.all(replicas.map((replica) => lookAt(state, replica)));
    queue.wake();
  }
  state.looking = false;
}

async function lookAt(state: State, replica: Replica): Promise<void> {
  const looker = state.lookers[replica.index]!;
  if (replica.isUp) {
    const outstanding = replica.outstanding;
    replica.limit.observe(await looker.load(), outstanding);
  } else if ((await looker.isThere()) && !replica.isUp) {
    takeBack(state, replica);
  }
}

function isConnection({ kind }: TryFailure): boolean {
  return kind === 'unreachable' || kind === 'reset';
}

/** Looks at one server apart from its work; its calls never reject. */
export interface Looker {
  load(): Promise<ServerLoad | null>;
  /** It answers, whatever it says of the key or the path. */
  isThere(): Promise<boolean>;
  /** It knows its models. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

export type OpenLooker = (
  url: string,
  headers: Readonly<Record<string, string>>,
  health: ServerHealth,
  clock: Clock,
) => Looker;

/** Reads a server's metrics page, and whether it answers at all, apart from its work. */
function lookerAt(
  url: string,
  headers: Readonly<Record<string, string>>,
  health: ServerHealth,
  clock: Clock,
): Looker {
  const poster: Poster = createPoster({
    ...{ url, headers, health, clock, connectionsMax: 1, timeoutMs: LOOK_TIMEOUT_MS },
    label: url,
  });
  async function modelsStatus(): Promise<number | null> {
    try {
      return (await poster.get('/models', LOOK_TIMEOUT_MS)).status;
    } catch {
      return null;
    }
  }

  return {
    async load() {
      try {
        const reply = await poster.get('//metrics', LOOK_TIMEOUT_MS);
        return reply.status === 200 ? readServerLoad(reply.text) : null;
      } catch {
        return null;
      }
    },
    isThere: async () => ((await modelsStatus()) ?? 500) < 500,
    isReady: async () => (await modelsStatus()) === 200,
    close: () => poster.destroy(),
  };
}
