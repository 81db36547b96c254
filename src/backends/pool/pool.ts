import { setMaxListeners } from 'node:events';
import { RowError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import { createConnections } from '../http/connections.js';
import { UNLISTED } from '../http/openSet.js';
import type { LastAnswer } from '../http/retryPolicy.js';
import { TryFailure } from '../http/tryFailure.js';
import type { Limit } from './aimdLimit.js';
import { type MetricsPoller, createMetricsPoller } from './metricsPoller.js';
import { eject, isWell, noteAnswer, noteFailure } from './outlierEjection.js';
import { type Entry, type Queue, createQueue } from './queue.js';
import { type RateBudget, type Rates, createRateBudget } from './rateBudget.js';
import { type Replica, newReplica, takeBack } from './replica.js';
import { dueMs, hasAffinity, hasRoom, pickReplica } from './scheduling.js';
import { type StatusClient, type StatusClientOptions, openStatusClient } from './statusClient.js';

export interface PoolStats {
  /** Calls. */
  inFlight: number;
  queued: number;
  replicas: {
    url: string;
    isEjected: boolean;
    /** Sequences. */
    limit: number;
    steering: Limit['steering'];
    /** Sequences. */
    outstanding: number;
  }[];
}

/**
 * The servers of one or more models that share them. A call waits, oldest row first, until a replica has room; scheduling.ts
 * says which one. A replica is kept from calls by its limit (limit.ts), its circuit breaker (circuitBreaker.ts) and outlier
 * ejection (outlierEjection.ts). What happens to a call that fails is up to the retry policy (http/retryPolicy.ts).
 */
export interface Pool {
  /** When any of the servers last answered a call. The retry policy writes it. */
  readonly lastAnswer: LastAnswer;
  /** The servers of now. */
  readonly replicas: readonly Replica[];
  /**
   * From now on the servers are these. One that is new gets calls at once. One that has left gets no more of them, and those
   * that it has may end; a call that it fails goes to another.
   */
  follow(urls: readonly string[]): void;
  /**
   * Makes one try at one replica, and settles as `call` does. A TryFailure of it says in `canFailOver` whether another
   * replica would take the call now.
   */
  run<T>(seq: number, call: (replica: Replica) => Promise<T>, size?: CallSize<T>): Promise<T>;
  /** Whether calls need an estimate of their tokens. */
  readonly countsTokens: boolean;
  stats(): PoolStats;
  /** Whether every server answers a question about its models with 200. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

/** What a call takes of its server. */
export interface CallSize<T> {
  /** How many it is at the server, one for each choice or text; 1 unless given. */
  sequences?: number | undefined;
  /** Of its prompt and its replies, before it is answered; 0 unless given. */
  tokens?: number | undefined;
  /** The same as the reply says it; undefined where it does not. */
  tokensOf?: (value: T) => number | undefined;
}

export interface PoolOptions {
  /** The first servers. Only a pool that is told to follow other lists may begin without any. */
  urls: readonly string[];
  /** What to say of a call while there is no server at all. */
  noServerText?: string | undefined;
  /** Slots of each server, where the user knows them. */
  slots?: number | undefined;
  requestsInFlightMax: number;
  headers: Readonly<Record<string, string>>;
  /** For all calls at all servers together. `model`: limits of services are limits of one model each. */
  rates?: (Rates & { model: string }) | undefined;
  clock: Clock;
  /** Prefix-cache affinity: a row's calls go to one replica where that leaves none idle. True unless given. */
  usesAffinity?: boolean;
  /** How a server is asked how it is; over HTTP unless given. */
  openStatus?: (options: StatusClientOptions) => StatusClient;
}

/** What the parts of a pool share. */
interface State {
  readonly clock: Clock;
  readonly replicas: Replica[];
  /** Those that have left and still have calls. */
  readonly leaving: Set<Replica>;
  readonly noServerText: string;
  readonly queue: Queue<Replica>;
  readonly poller: MetricsPoller;
  readonly budget: RateBudget;
}

export function createPool(options: PoolOptions): Pool {
  const { urls, clock, noServerText = 'no server is listed', usesAffinity = true } = options;
  const lastAnswer: LastAnswer = { atMs: undefined };
  const closing = new AbortController();
  const { signal } = closing;
  setMaxListeners(0, signal);
  const wake = (): void => queue.wake();
  const open = replicaOpener(options, lastAnswer, signal, wake);
  const replicas = urls.map(open);
  const leaving = new Set<Replica>();
  const budget = createRateBudget(options.rates ?? {});
  const alarm = createAlarm(clock, signal, wake);
  const queue = createQueue<Replica>({
    find: (sequences, tokens) => find({ budget, replicas, clock, alarm }, sequences, tokens),
    occupy: (replica, sequences) => occupy(replica, sequences, clock),
    release(replica, sequences) {
      release(replica, sequences);
      if (leaving.has(replica)) closeIfIdle(leaving, replica);
    },
    hasAffinity: (replica, call) => isGoodFor(replicas, replica, call, usesAffinity),
  });
  const hasWork = (): boolean => queue.inFlight + queue.queued > 0;
  const poller = createMetricsPoller({ clock, signal, replicas, hasWork, onPolled: wake });
  const state: State = { clock, replicas, leaving, noServerText, queue, poller, budget };

  return {
    ...{ lastAnswer, replicas, countsTokens: budget.countsTokens },
    run: (seq, call, size = {}) => run(state, seq, size, call),
    follow: (next) => follow(state, next, open),
    stats: () => statsOf(state),
    async isReady() {
      return (await Promise.all(replicas.map(({ status }) => status.isReady()))).every(Boolean);
    },
    async close() {
      closing.abort();
      queue.close();
      await Promise.all([...replicas, ...leaving].map(closeReplica));
    },
  };
}

function replicaOpener(
  { slots, headers, clock, requestsInFlightMax, openStatus = openStatusClient }: PoolOptions,
  lastAnswer: LastAnswer,
  signal: AbortSignal,
  onHalfOpen: () => void,
): (url: string) => Replica {
  let opened = 0;
  return (url) => {
    const { origin } = new URL(url);
    // One connection more than requests, for the polls.
    const connections = createConnections({ origin, connectionsMax: requestsInFlightMax + 1, clock });
    const status = openStatus({ url, headers, lastAnswer, clock, connections });
    const limit = { slots, limitMax: requestsInFlightMax };
    return newReplica({ index: opened++, url, connections, status }, limit, { clock, signal, onHalfOpen });
  };
}

function follow(state: State, urls: readonly string[], open: (url: string) => Replica): void {
  const { replicas, leaving, queue, poller } = state;
  const before = replicas.splice(0);
  for (const url of new Set(urls)) replicas.push(before.find((replica) => replica.url === url) ?? open(url));
  for (const replica of before) {
    if (replicas.includes(replica)) continue;
    replica.hasLeft = true;
    leaving.add(replica);
    closeIfIdle(leaving, replica);
  }
  if (queue.queued > 0) poller.start();
  if (replicas.length === 0) queue.rejectWaiting(() => noServer(state));
  queue.wake();
}

function closeIfIdle(leaving: Set<Replica>, replica: Replica): void {
  if (replica.calls > 0) return;
  leaving.delete(replica);
  void closeReplica(replica);
}

async function closeReplica({ status, connections }: Replica): Promise<void> {
  await status.close();
  await connections.destroy();
}

/** The retry policy knows how long that may last. */
function noServer({ noServerText }: State): TryFailure {
  return new TryFailure('absent', noServerText);
}

/** The replica for the next call. Where only a pace forbids it, the queue is woken when that lets a call through. */
function find(
  { budget, replicas, clock, alarm }: Pick<State, 'budget' | 'replicas' | 'clock'> & { alarm: Alarm },
  sequences: number,
  tokens: number,
): Replica | null {
  const nowMs = clock.nowMs();
  const budgetMs = budget.dueMs(tokens, nowMs);
  if (budgetMs > nowMs) {
    alarm.at(budgetMs);
    return null;
  }
  const replica = pickReplica(replicas, sequences, nowMs);
  if (replica !== null) return replica;
  const paced = replicas.map(dueMs).filter((due) => due > nowMs);
  if (paced.length > 0) alarm.at(Math.min(...paced));
  return null;
}

/** Wakes at the earliest of the times that it is given. */
interface Alarm {
  at(timeMs: number): void;
}

function createAlarm(clock: Clock, signal: AbortSignal, wake: () => void): Alarm {
  let nextMs = Infinity;
  return {
    at(timeMs) {
      if (timeMs >= nextMs) return;
      nextMs = timeMs;
      const ring = (): void => {
        // An earlier one has been set since.
        if (nextMs !== timeMs) return;
        nextMs = Infinity;
        wake();
      };
      void clock.sleep(timeMs - clock.nowMs(), signal).then(ring, () => undefined);
    },
  };
}

function statsOf({ queue, replicas }: State): PoolStats {
  return {
    inFlight: queue.inFlight,
    queued: queue.queued,
    replicas: replicas.map(({ url, health: { isEjected }, limit, outstanding }) => {
      return { url, isEjected, limit: limit.value, steering: limit.steering, outstanding };
    }),
  };
}

function occupy(replica: Replica, sequences: number, clock: Clock): void {
  if (replica.health.isEjected) replica.triedMs = clock.nowMs();
  else if (replica.breaker.state === 'halfOpen') replica.breaker.probing();
  replica.outstanding += sequences;
  replica.calls += 1;
}

function release(replica: Replica, sequences: number): void {
  replica.outstanding -= sequences;
  replica.calls -= 1;
}

/** The half-open probe had better be a call of one sequence: its answer comes soonest, and little is lost if it is refused. */
function isGoodFor(
  replicas: readonly Replica[],
  replica: Replica,
  { seq, sequences }: { seq: number; sequences: number },
  usesAffinity: boolean,
): boolean {
  if (replica.breaker.state === 'halfOpen') return sequences === 1;
  if (replicas.length === 1 || !usesAffinity) return true;
  return hasAffinity(replicas, replica, seq) && hasRoom(replica, sequences);
}

/**
 * What the outcome says of the replica is noted before its slot is free and taken by the next call. No async function: of a
 * thousand calls that wait here, each would keep some hundred bytes more, which every collection copies.
 */
function run<T>(
  state: State,
  seq: number,
  { sequences = 1, tokens = 0, tokensOf }: CallSize<T>,
  call: (replica: Replica) => Promise<T>,
): Promise<T> {
  const { queue, poller, clock, budget } = state;
  return new Promise((resolve, reject) => {
    const begin = (replica: Replica): void => {
      const startedMs = clock.nowMs();
      const spending = budget.spend(tokens, startedMs);
      started(call, replica).then(
        (value) => {
          replica.answered += sequences;
          const used = tokensOf?.(value);
          if (used !== undefined) budget.correct(spending, used);
          if (used !== undefined) replica.pace.used(used);
          noteAnswered(state, replica, startedMs);
          queue.leave(entry, replica);
          resolve(value);
        },
        (error: unknown) => {
          const outcome = noteFailed(state, replica, startedMs, error);
          // What was refused has cost no tokens.
          if (error instanceof TryFailure && error.kind === 'busy') budget.correct(spending, 0);
          queue.leave(entry, replica);
          reject(outcome);
        },
      );
    };
    if (state.replicas.length === 0) return reject(noServer(state));
    const entry: Entry<Replica> = { seq, sequences, tokens, begin, reject, index: UNLISTED };
    queue.enter(entry);
    poller.start();
  });
}

/** A call that throws at once fails like any other. */
function started<T>(call: (replica: Replica) => Promise<T>, replica: Replica): Promise<T> {
  try {
    return call(replica);
  } catch (error) {
    return Promise.reject(error);
  }
}

function noteAnswered({ clock, queue }: State, replica: Replica, startedMs: number): void {
  const { health, breaker } = replica;
  if (!noteAnswer(health, startedMs, clock.nowMs())) return;
  if (health.isEjected) {
    takeBack(replica, clock.nowMs());
    queue.wake();
  }
  if (breaker.answered(startedMs)) queue.wake();
}

/** The error that the caller gets. */
function noteFailed(state: State, replica: Replica, startedMs: number, error: unknown): unknown {
  // The server answered; it is the row that it did not want.
  if (error instanceof RowError) noteAnswered(state, replica, startedMs);
  if (!(error instanceof TryFailure)) return error;
  const canFailOver =
    error.kind === 'busy' ? noteRefused(state, replica, error) : noteFault(state, replica, error);
  return canFailOver ? error.withFailover() : error;
}

/** Whether another replica takes calls. */
function noteRefused({ replicas }: State, replica: Replica, { askedMs }: TryFailure): boolean {
  // Only the refusal that opens the circuit breaker lowers the limit: what happens to a probe says nothing of the server's size.
  if (replica.breaker.refused(askedMs)) replica.limit.refused();
  return replicas.some(
    (other) => other !== replica && !other.health.isEjected && other.breaker.state === 'closed',
  );
}

/** Whether the call had better go to another replica, and there is one. */
function noteFault({ replicas, clock, queue }: State, replica: Replica, { kind }: TryFailure): boolean {
  const { health, breaker } = replica;
  breaker.failed();
  const others = replicas.filter((other) => other !== replica && !other.health.isEjected);
  if (noteFailure(health, kind, () => others.some((other) => isWell(other.health)))) {
    eject(health, kind, clock.nowMs());
    queue.wake();
  }
  return (health.isEjected || replica.hasLeft) && others.length > 0;
}
