import { setMaxListeners } from 'node:events';
import { RowError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import { type Limit, type ServerLoad, createLimit } from './limit.js';
import { type Connections, createConnections } from '../http/connections.js';
import { type Poster, createPoster } from '../http/httpClient.js';
import { NO_PLACE } from '../http/openSet.js';
import { type Entry, type Queue, createQueue } from './queue.js';
import { type ServerHealth, TryFailure } from '../http/retry.js';
import { readServerLoad } from './serverLoad.js';

/** One server of a model. */
export interface Replica {
  readonly index: number;
  readonly url: string;
  readonly limit: Limit;
  /** Requests that it was given and has not answered. */
  outstanding: number;
  isUp: boolean;
  /** When it last went down or came back, and when it last answered a call. */
  turnedMs: number;
  answeredMs: number;
  /** It has refused calls (429, 503) and answered none since: it is given one call at a time, not before `nextKnockMs`. */
  isRefusing: boolean;
  refusedMs: number;
  nextKnockMs: number;
  /** When it was last given a call while all were down. */
  knockedMs: number;
  /** Failures since its last answer. */
  failuresInARow: number;
  /** How often it was ejected since its last answer though it was there: failing, or gone again at once. */
  relapses: number;
  isLookedAt: boolean;
}

export interface PoolStats {
  inFlight: number;
  queued: number;
  replicas: { url: string; isUp: boolean; limit: number; steering: Limit['steering']; outstanding: number }[];
}

/**
 * The servers of one or more models that share them. A call waits, oldest row first, until a replica has room, and goes to
 * the one with the least outstanding work for its limit; of the first few that wait, one whose row has its home there. A
 * replica that cannot be reached is ejected, probed, and taken back; its calls go to the others. So is one that fails again
 * and again; but as a probe does not tell whether it is well, it has to answer a call before it is given more than one.
 */
export interface Pool {
  readonly health: ServerHealth;
  /** To each of the servers, for all that use the pool: there are never more of them than requests in flight. */
  readonly connections: readonly Connections[];
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
/** Failures in a row, of whatever kind, that eject a replica while another is well. */
const FAILURES_MAX = 8;
/** How long one that was ejected for failing is left alone: twice as long each time. */
const RELAPSE = { firstMs: 1_000, maxMs: 60_000 };
/** A call that one replica refuses goes to another at once, but not for ever. */
const REFUSALS_MAX = 16;

/** What the parts of a pool share. */
interface State {
  readonly clock: Clock;
  readonly health: ServerHealth;
  readonly replicas: readonly Replica[];
  readonly lookers: readonly Looker[];
  readonly queue: Queue<Replica>;
  readonly closing: AbortController;
  /** Replicas that are looked at. */
  looking: number;
}

export function createPool(options: PoolOptions): Pool {
  const {
    urls,
    headers,
    clock,
    requestsInFlightMax,
    openLooker = lookerAt,
    sameRowTogether = true,
  } = options;
  const health: ServerHealth = { answeredMs: undefined };
  const replicas = urls.map((url, index) => newReplica(options, url, index));
  const connections = urls.map((url) => {
    const { origin } = new URL(url);
    // One more for the looks.
    return createConnections({ origin, connectionsMax: requestsInFlightMax + 1 });
  });
  const lookers = urls.map((url, at) => openLooker(url, headers, health, clock, connections[at]!));
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const prefers = (replica: Replica, seq: number): boolean => homeOf(replicas, seq) === replica;
  const queue = createQueue<Replica>({
    take: () => take(state),
    giveBack: (replica) => void (replica.outstanding -= 1),
    ...(urls.length > 1 && sameRowTogether && { prefers }),
  });
  const state: State = { clock, health, replicas, lookers, queue, closing, looking: 0 };

  return {
    ...{ health, connections },
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
      await Promise.all(connections.map((each) => each.destroy()));
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
    turnedMs: -Infinity,
    answeredMs: -Infinity,
    isRefusing: false,
    refusedMs: 0,
    nextKnockMs: 0,
    knockedMs: -Infinity,
    failuresInARow: 0,
    relapses: 0,
    isLookedAt: false,
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
    if (best === null || loadOf(replica) < loadOf(best)) best = replica;
  }
  if (best || isAnyUp(replicas)) return best;
  // With all of them down, one call each keeps knocking, by turns: its failures tell how long nobody has answered.
  for (const replica of replicas) {
    const isFree = replica.outstanding === 0;
    if (isFree && (best === null || replica.knockedMs < best.knockedMs)) best = replica;
  }
  if (best) best.knockedMs = nowMs;
  return best;
}

/** Outstanding for its limit. One that fails at once is always idle: its failures count as load. */
function loadOf({ outstanding, limit, failuresInARow }: Replica): number {
  return outstanding / limit.value + failuresInARow / FAILURES_MAX;
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

/** Up, and not failing itself: where all fail, none is worse than the others. */
function isWell({ isUp, failuresInARow }: Replica): boolean {
  return isUp && failuresInARow < FAILURES_MAX / 2;
}

function isAnyUp(replicas: readonly Replica[]): boolean {
  return replicas.some(({ isUp }) => isUp);
}

/** A call on its way to an answer. */
interface Moving<T> extends Entry<Replica> {
  call(replica: Replica): Promise<T>;
  resolve(value: T): void;
  /** Times that it was taken away from a replica that failed, and from one that refused it. */
  moves: number;
  refusals: number;
}

function run<T>(state: State, seq: number, call: (replica: Replica) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const begin = (replica: Replica): void => attempt(state, moving, replica);
    const moving: Moving<T> = {
      ...{ seq, begin, resolve, reject, call, moves: 0, refusals: 0, place: NO_PLACE },
    };
    state.queue.enter(moving);
    if (state.looking < state.replicas.length) lookAtAll(state);
  });
}

/**
 * What the outcome says of the replica is noted before its place is free and taken by the next call. No async function: of
 * a thousand calls that wait here, each would keep some hundred bytes more, which every collection copies.
 */
function attempt<T>(state: State, moving: Moving<T>, replica: Replica): void {
  const startedMs = state.clock.nowMs();
  begun(moving, replica).then(
    (value) => {
      answered(state, replica, startedMs);
      state.queue.leave(moving, replica);
      moving.resolve(value);
    },
    (error: unknown) => failedAt(state, moving, replica, startedMs, error),
  );
}

/** A call that throws at once fails like any other. */
function begun<T>(moving: Moving<T>, replica: Replica): Promise<T> {
  try {
    return moving.call(replica);
  } catch (error) {
    return Promise.reject(error);
  }
}

function failedAt<T>(
  state: State,
  moving: Moving<T>,
  replica: Replica,
  startedMs: number,
  error: unknown,
): void {
  if (error instanceof RowError) answered(state, replica, startedMs);
  const canMove =
    error instanceof TryFailure && failed(state, replica, error) && mayMove(state, moving, error);
  state.queue.leave(moving, replica);
  if (canMove && !state.closing.signal.aborted) state.queue.enter(moving);
  else moving.reject(error);
}

/** Not the row's fault: it moves on at once, but not for ever, for it may be what kills them. */
function mayMove({ replicas }: State, moving: Moving<unknown>, { kind }: TryFailure): boolean {
  return kind === 'busy' ? moving.refusals++ < REFUSALS_MAX : moving.moves++ < replicas.length;
}

function answered(state: State, replica: Replica, startedMs: number): void {
  // What it had taken in before it was ejected, or began to refuse, says nothing of what it takes now.
  const isNews = startedMs >= replica.turnedMs;
  if (!isNews && replica.relapses > 0) return;
  replica.answeredMs = state.clock.nowMs();
  replica.failuresInARow = 0;
  replica.relapses = 0;
  if (!replica.isUp) takeBack(state, replica);
  if (!replica.isRefusing || startedMs < replica.refusedMs) return;
  replica.isRefusing = false;
  state.queue.wake();
}

/** Whether the call had better go to another replica, and one is there. */
function failed(state: State, replica: Replica, failure: TryFailure): boolean {
  const others = state.replicas.filter((other) => other !== replica && other.isUp);
  if (failure.kind === 'busy') {
    refused(state, replica, failure);
    return others.some(({ isRefusing }) => !isRefusing);
  }
  // A call that moves on tells nobody else that somebody is there.
  if (failure.kind === 'server' || failure.kind === 'reply') state.health.answeredMs = state.clock.nowMs();
  replica.failuresInARow += 1;
  // After a relapse one failure is enough.
  const failuresMax = replica.relapses > 0 ? 1 : FAILURES_MAX;
  const failsAll = replica.failuresInARow >= failuresMax && others.some(isWell);
  if (replica.isUp && (failure.kind === 'unreachable' || failsAll)) eject(state, replica, failure);
  return !replica.isUp && others.length > 0;
}

function refused(state: State, replica: Replica, { retryAfterMs }: TryFailure): void {
  if (!replica.isRefusing) {
    // That it refuses is news once; what it does to those that knock says nothing of its size.
    replica.limit.refused();
    knockLater(state, replica, Math.min(retryAfterMs || FIRST_KNOCK_MS, KNOCK_PERIOD_MS));
  }
  replica.isRefusing = true;
  replica.refusedMs = state.clock.nowMs();
}

function eject({ clock, queue }: State, replica: Replica, { kind }: TryFailure): void {
  const isGone = kind === 'unreachable' || kind === 'reset';
  if (!isGone || replica.answeredMs < replica.turnedMs) replica.relapses += 1;
  replica.isUp = false;
  replica.turnedMs = clock.nowMs();
  queue.wake();
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

/** After a relapse it is given calls one by one, as one that refuses is, until it answers one. */
function takeBack({ clock, queue }: State, replica: Replica): void {
  const nowMs = clock.nowMs();
  replica.isUp = true;
  replica.turnedMs = nowMs;
  replica.isRefusing = replica.relapses > 0;
  replica.refusedMs = nowMs;
  replica.nextKnockMs = 0;
  replica.failuresInARow = 0;
  replica.limit.reset();
  queue.wake();
}

function lookAtAll(state: State): void {
  for (const replica of state.replicas) if (!replica.isLookedAt) void look(state, replica);
}

/**
 * Looks at a replica once a second while there is work: its load if it is up, whether it is back if not. Each by itself: one
 * that does not answer its looks must not keep us from looking at the others.
 */
async function look(state: State, replica: Replica): Promise<void> {
  const { clock, queue, closing } = state;
  if (closing.signal.aborted) return;
  replica.isLookedAt = true;
  state.looking += 1;
  for (let looks = 0; queue.inFlight + queue.queued > 0; looks++) {
    const isSettled = looks > FIRST_LOOKS_MAX || replica.limit.isSettled;
    const periodMs = isSettled ? LOOK_PERIOD_MS : FIRST_LOOKS_PERIOD_MS;
    await clock.sleep(periodMs, closing.signal).catch(() => undefined);
    if (closing.signal.aborted) break;
    await lookOnce(state, replica);
    queue.wake();
  }
  replica.isLookedAt = false;
  state.looking -= 1;
}

async function lookOnce(state: State, replica: Replica): Promise<void> {
  const looker = state.lookers[replica.index]!;
  // It is not left alone while no other is well.
  const isTime = state.clock.nowMs() >= probeMs(replica) || !state.replicas.some(isWell);
  if (replica.isUp) {
    const outstanding = replica.outstanding;
    replica.limit.observe(await looker.load(), outstanding);
  } else if (isTime && (await looker.isThere()) && !replica.isUp) {
    takeBack(state, replica);
  }
}

function probeMs({ turnedMs, relapses }: Replica): number {
  const { firstMs, maxMs } = RELAPSE;
  return relapses > 0 ? turnedMs + Math.min(maxMs, firstMs * 2 ** (relapses - 1)) : turnedMs;
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
  connections: Connections,
) => Looker;

/** Reads a server's metrics page, and whether it answers at all, apart from its work. */
function lookerAt(
  url: string,
  headers: Readonly<Record<string, string>>,
  health: ServerHealth,
  clock: Clock,
  connections: Connections,
): Looker {
  const poster: Poster = createPoster({
    ...{ url, headers, health, clock, connections, timeoutMs: LOOK_TIMEOUT_MS },
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
