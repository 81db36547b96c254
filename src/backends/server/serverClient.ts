import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { RowError, ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import { childEnvironment } from '../../process/childEnvironment.js';
import {
  type ManagedServer,
  type ServeOptions,
  type Starting,
  startServer,
} from '../../process/managedServer.js';
import { printableLine } from '../../text/printable.js';
import { keyRedactor } from '../../text/redactKey.js';
import type { CallRecord, ModelStats, ReplicaStats } from '../model.js';
import type { CallSize, Pool } from '../pool/pool.js';
import type { Replica } from '../pool/replica.js';
import { type ReplicaList, loadReplicas } from '../pool/replicaList.js';
import { type HttpReply, type HttpClient, type OnData, createHttpClient } from '../http/httpClient.js';
import { type FailsAlone, troubleText, withRetry } from '../http/retryPolicy.js';
import { TryFailure } from '../http/tryFailure.js';
import { keyHeaders, readApiKey } from './apiKey.js';
import { type Admission, type Allowance, type WorstUse, promptTokensMax } from '../allowance.js';
import { askedMs } from './askedWait.js';
import { rateLeft } from './rateHeaders.js';
import { type OutageGuard, type OutageGuardDeps, createOutageGuard, isFailure } from './outageGuard.js';
import {
  type Control,
  type RefusalGuard,
  type RefusalGuardDeps,
  createRefusalGuard,
  mayBeAlways,
} from './refusalGuard.js';
import { NOTHING_SENT, type ReplicaTally, createReplicaTally, replicaState } from './replicaTally.js';
import { type Tally, type Usage, createTally } from './tally.js';
import { type ServerOptions, baseUrlFault, withoutV1 } from './serverOptions.js';
import type { ReplyContext, Speaks } from './readServerReply.js';
import { BUSY_MS_DEFAULT, UNREACHABLE_FIRST_MS_DEFAULT, UNREACHABLE_MS_DEFAULT } from '../limits.js';
import { type SharedPools, createSharedPools } from '../pool/sharedPools.js';

/** What every model behind HTTP servers shares: its requests with their retries, and its counters. */

export interface ServerDeps {
  /** Where relative paths start; the working directory if absent. */
  folder?: string;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Uniform in [0, 1); spreads retries. */
  random: () => number;
  /** Models that are opened with the same `pools` share their servers' pools. */
  pools?: SharedPools | undefined;
  /** Gives up a managed server that is still starting. */
  signal?: AbortSignal | undefined;
  /** Lets requests through as far as a budget reaches; all if absent. */
  allowance?: Allowance | undefined;
  /** Told what is waited for while a managed server starts; the line of its log is harmless and short. */
  onStarting?: ((model: string, starting: Starting) => void) | undefined;
}

export type ReadReply<T> = (reply: HttpReply, context: ReplyContext) => T;

/** A request, and what reads its reply. */
interface Posted<T> {
  path: string;
  body: unknown;
  read: ReadReply<T>;
  /** Makes what looks on while the reply to one try comes. */
  listen?: About['listen'];
}

/** What a request is, beside what it says. */
export interface About {
  /** How many it is at the server, one for each choice or text that it asks for; 1 if absent. */
  sequences?: number;
  /** The longest that its replies may be together; 0 if absent. */
  tokensMax?: number;
  /** The label of the step that asks. */
  step?: string | undefined;
  /** The same request with a harmless text instead of the row's: with it, a server that refuses every such request ends the run. */
  control?: () => Control;
  /** Filled in as the call goes. */
  record?: CallRecord | undefined;
  /** Makes what looks on while the reply to one try comes: see `ReplyStream`. */
  listen?: (() => OnData) | undefined;
  /** What is wrong with an answer that holds nothing to use; undefined for any other. */
  emptyFault?: (answer: never) => RowError | undefined;
}

type Ask = <T extends Usage>(
  seq: number,
  posted: Posted<T>,
  about?: About,
  failsAlone?: FailsAlone,
) => Promise<T>;

export interface ServerClient {
  /** Names the model and all its servers at the start of each message. */
  readonly label: string;
  /**
   * Posts `body` to `path` of a server, again as long as that fails with a TryFailure and the retry policy allows it.
   * JSON.stringify writes the body anew for each try. `read` reads the reply; it throws what any other reply means. Rejects
   * with a RowError or a ScaleQuestError.
   */
  send<T extends Usage>(
    seq: number,
    path: string,
    body: unknown,
    read: ReadReply<T>,
    about?: About,
  ): Promise<T>;
  stats(): ModelStats;
  close(): Promise<void>;
}

/** Starts the server where `serve` says so. Rejects with ERR_MODEL_LOAD if that fails, or the key's variable is not set. */
export async function createServerClient(
  name: string,
  options: ServerOptions,
  speaks: Speaks,
  deps: ServerDeps,
): Promise<ServerClient> {
  const startedMs = deps.clock.nowMs();
  const serve = options.serve?.on === 'cluster' ? undefined : options.serve;
  const { clock, random, allowance } = deps;
  const { label, pool, serverOf, replicas, faultyLines, disconnect } = connect(name, options, speaks, deps);
  const managed = serve && (await startManaged(name, serve, options, pool, deps, disconnect));
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const tally = createTally();
  const held = heldServers(pool, clock, startedMs);
  const counts = Object.assign(tally.counts, { open: 0, inFlight: 0 });
  let trouble: string | undefined;
  const retryOptions = retryOptionsOf(options, pool, { clock, random, signal: closing.signal }, (failure) => {
    counts.retries++;
    trouble = troubleText(failure, clock.nowMs());
  });

  // A dead server ends every call at once: it will not answer, however often it is asked.
  void managed?.died.then((error) => closing.abort(error));
  let isClosed = false;

  function answered<T extends Usage>(answer: T, step: string | undefined): T {
    trouble = undefined;
    counts.open--;
    tally.answered(answer, step);
    return answer;
  }

  function failed(error: unknown): never {
    counts.open--;
    if (!closing.signal.aborted) counts.failures++;
    throw error;
  }

  const ask: Ask = (seq, posted, about = {}, failsAlone) => {
    counts.requests++;
    counts.open++;
    const busy = (ms: number): void => tally.uses.busy(ms, about.step);
    const tries = { serverOf, closing: closing.signal, counts, clock, allowance, busy };
    const plain = tryAt(tries, posted, about);
    const once = about.record ? recorded(plain, about.record) : plain;
    const size = sizeOf(pool, posted.body, about);
    return withRetry(() => pool.run(seq, once, size), retryOptions, failsAlone).then(
      (answer) => answered(answer, about.step),
      failed,
    );
  };

  const { signal } = closing;
  return {
    label,
    send: guardedSend(ask, { label, clock, signal, patience: patienceOf(options) }),
    stats: () => ({
      ...statsOf(counts, trouble, notesOf(pool, tally, faultyLines())),
      ...{ serverS: held(), ...tally.uses.stats(), replicas: replicas() },
    }),
    async close() {
      if (isClosed) return;
      isClosed = true;
      closing.abort(new ScaleQuestError('ERR_CANCELLED', `${label} was closed before the call ended`));
      await disconnect();
      await managed?.stop();
    },
  };
}

/**
 * Seconds that servers were held so far, added up. Of a list of servers that changes it knows what it is each time it is asked,
 * as a run does about once a second.
 */
function heldServers({ replicas }: Pool, clock: Clock, startedMs: number): () => number {
  let heldMs = 0;
  let lastMs = startedMs;
  let servers = replicas.length;
  return () => {
    const nowMs = clock.nowMs();
    heldMs += servers * (nowMs - lastMs);
    lastMs = nowMs;
    servers = replicas.length;
    return heldMs / 1000;
  };
}

/** Of English text, a token has four characters in the mean; numbers and formulas have fewer. */
const CHARS_PER_TOKEN = 3;

function sizeOf({ countsTokens }: Pool, body: unknown, { sequences, tokensMax = 0 }: About): CallSize<Usage> {
  return { sequences, tokens: countsTokens ? promptTokens(body) + tokensMax : 0, tokensOf };
}

function promptTokens(body: unknown): number {
  return Math.ceil(JSON.stringify(body).length / CHARS_PER_TOKEN);
}

/** Undefined where a server does not count. */
function tokensOf({ promptTokens: prompt, completionTokens: completion }: Usage): number | undefined {
  return prompt + completion > 0 ? prompt + completion : undefined;
}

function retryOptionsOf(
  options: ServerOptions,
  pool: Pool,
  deps: Pick<ServerDeps, 'clock' | 'random'> & { signal: AbortSignal },
  onRetry: (failure: TryFailure) => void,
) {
  return {
    ...{ ...patienceOf(options), lastAnswer: pool.lastAnswer, ...deps, onRetry },
    get failoversMax() {
      return pool.replicas.length;
    },
  };
}

/** How often, and for how long, a call is tried again. */
function patienceOf({ retriesMax, unreachableMs, busyMs = BUSY_MS_DEFAULT, serve }: ServerOptions) {
  // Servers on a cluster load while the run waits for them.
  const startMs = serve?.on === 'cluster' ? serve.startTimeoutMs : 0;
  return {
    ...{ retriesMax, busyMs, unreachableMs: unreachableMs ?? Math.max(startMs, UNREACHABLE_MS_DEFAULT) },
    unreachableFirstMs: unreachableMs ?? Math.max(startMs, UNREACHABLE_FIRST_MS_DEFAULT),
  };
}

function statsOf(
  { open, ...totals }: Tally['counts'] & { open: number; inFlight: number },
  trouble: string | undefined,
  notes: Pick<ModelStats, 'notes'>,
): ModelStats {
  // Calls that wait for their next try are queued too.
  return { ...totals, queued: open - totals.inFlight, memoryPeakBytes: 0, trouble, ...notes };
}

function notesOf({ replicas }: Pool, { notes }: Tally, faultyLines: number): Pick<ModelStats, 'notes'> {
  const servers = replicas.filter(({ connections }) => connections.hasSurplus()).length;
  const noted = {
    'a server sent more than its replies, so each of its connections carries one request': servers,
    'a line of replicasFrom names no server and was left out': faultyLines,
  };
  const own = Object.entries(noted).filter(([, count]) => count > 0);
  if (own.length === 0) return notes.stats();
  return { notes: { ...notes.stats().notes, ...Object.fromEntries(own) } };
}

/** Asks before all rows: those that wait for the verdict hold up the ones behind them. */
function controlAsker(
  ask: (seq: number, posted: Posted<Usage>) => Promise<unknown>,
): (control: Control) => Promise<unknown> {
  return ({ path, body, read }) =>
    ask(0, {
      ...{ path, body },
      read(reply, context) {
        read?.(reply, context);
        return { promptTokens: 0, completionTokens: 0 };
      },
    });
}

/** Tells what is the matter with one row from what is with the server. */
interface Guards {
  refusals: RefusalGuard;
  outages: OutageGuard;
}

function guardedSend(ask: Ask, given: Omit<OutageGuardDeps & RefusalGuardDeps, 'ask'>): ServerClient['send'] {
  const deps = { ...given, ask: controlAsker(ask) };
  const guards = { refusals: createRefusalGuard(deps), outages: createOutageGuard(deps) };
  return (seq, path, body, read, about = {}) => {
    const { control, tokensMax, listen } = about;
    const posted = { path, body, read, ...(listen && { listen }) };
    if (!control) return ask(seq, posted, about);
    const faultOf = about.emptyFault as EmptyFault | undefined;
    const controlled = (): Control => {
      const own = control();
      return { ...own, read: usefully(own.read ?? read, faultOf) };
    };
    // Cheaper than the control itself, and all that mostly differs between steps.
    const kind = `${path} ${tokensMax}`;
    const failsAlone: FailsAlone = (sinceMs) => guards.outages.failsAlone(kind, sinceMs, controlled);
    const asked = ask(seq, posted, about, failsAlone);
    return guarded(guards, asked, { kind, control: controlled, faultOf });
  };
}

type EmptyFault = (answer: unknown) => RowError | undefined;

/** Reads a control request's reply as the row's is read, and throws where it holds nothing to use. */
function usefully<T>(read: ReadReply<T>, faultOf: EmptyFault | undefined): ReadReply<T> {
  return (reply, context) => {
    const answer = read(reply, context);
    const fault = faultOf?.(answer);
    if (fault) throw fault;
    return answer;
  };
}

/** What became of a call, told to the guards; they judge what else it may mean. */
function guarded<T>(
  { refusals, outages }: Guards,
  asked: Promise<T>,
  { kind, control, faultOf }: { kind: string; control: () => Control; faultOf: EmptyFault | undefined },
): Promise<T> {
  return asked.then(
    (answer) => {
      outages.answered(kind);
      const fault = faultOf?.(answer);
      if (fault) return unlessAlways(refusals.refused(fault, control()), fault, answer);
      refusals.answered(control);
      return answer;
    },
    (error: unknown) => {
      if (!(error instanceof RowError)) throw error;
      if (!isFailure(error)) outages.answered(kind);
      if (mayBeAlways(error)) return refusals.refused(error, control());
      throw error;
    },
  );
}

/** An empty answer is an answer like others, if the server has others. */
function unlessAlways<T>(verdict: Promise<never>, fault: RowError, answer: T): Promise<T> {
  return verdict.catch((error: unknown) => {
    if (error === fault) return answer;
    throw error;
  });
}

/** Of a line of a server's log, as it is shown. */
const LOG_LINE_CHARS_MAX = 160;

async function startManaged(
  name: string,
  serve: ServeOptions,
  options: ServerOptions,
  { isReady }: Pool,
  deps: ServerDeps,
  disconnect: () => Promise<void>,
): Promise<ManagedServer> {
  const { clock, signal, onStarting } = deps;
  try {
    const named = namedFor(options, serve);
    const env = childEnvironment(deps.env, named);
    const redactors = named.map((each) => keyRedactor(deps.env[each]));
    const clean = (text: string): string => redactors.reduce((before, redact) => redact(before), text);
    const tell = (starting: Starting): void =>
      onStarting?.(name, { ...starting, line: printableLine(starting.line, LOG_LINE_CHARS_MAX) });
    const deathAdvice = ' in the middle of the run; start the run again to go on';
    return await startServer(name, serve, {
      env,
      clean,
      deathAdvice,
      clock,
      isReady,
      signal,
      onStarting: tell,
    });
  } catch (error) {
    await disconnect();
    throw error;
  }
}

interface TryDeps extends Pick<ServerDeps, 'clock' | 'allowance'> {
  serverOf: Access['serverOf'];
  closing: AbortSignal;
  counts: { inFlight: number };
  /** Told how long a request was at a server. */
  busy: (ms: number) => void;
}

/** One try, at the server that the pool picked. A budget must let it through first. */
function tryAt<T extends Usage>(
  deps: TryDeps,
  posted: Posted<T>,
  about: About,
): (replica: Replica) => Promise<T> {
  const { closing, allowance } = deps;
  return (replica) => {
    closing.throwIfAborted();
    if (!allowance) return postAt(replica, deps, posted);
    const admitted = allowance.admit(worstUse(posted.body, about));
    if (!(admitted instanceof Promise)) return settled(admitted, replica, deps, posted);
    return admitted.then((settle) => settled(settle, replica, deps, posted));
  };
}

/** Tries that say how they go: few calls have a record. */
function recorded<T extends Usage>(
  once: (replica: Replica) => Promise<T>,
  record: CallRecord,
): (replica: Replica) => Promise<T> {
  return async (replica) => {
    record.tries += 1;
    record.replica = replica.url;
    const answer = await once(replica);
    record.promptTokens += answer.promptTokens;
    record.completionTokens += answer.completionTokens;
    return answer;
  };
}

function worstUse(body: unknown, { tokensMax = 0 }: About): WorstUse {
  const bytes = Buffer.byteLength(JSON.stringify(body));
  return { promptTokens: promptTokensMax(bytes), completionTokens: tokensMax };
}

/** Tells the budget what became of the request. */
function settled<T extends Usage>(
  settle: Admission,
  replica: Replica,
  deps: TryDeps,
  posted: Posted<T>,
): Promise<T> {
  let status: number | undefined;
  const asked = postAt(replica, deps, posted, (reply) => (status = reply.status));
  return asked.then(
    (answer) => {
      settle(answer);
      return answer;
    },
    (error: unknown) => {
      const wasRefused = status !== undefined && status !== 200;
      const wasNobodyThere = error instanceof TryFailure && NOT_SENT.includes(error.kind);
      settle(wasRefused || wasNobodyThere ? 'nothing' : 'unknown');
      throw error;
    },
  );
}

const NOT_SENT: readonly TryFailure['kind'][] = ['unreachable', 'absent'];

function postAt<T extends Usage>(
  replica: Replica,
  { serverOf, closing, counts, clock, busy }: TryDeps,
  { path, body, read, listen }: Posted<T>,
  onReply?: (reply: HttpReply) => void,
): Promise<T> {
  closing.throwIfAborted();
  const { http, context, tally } = serverOf(replica);
  const { pace } = replica;
  const sentMs = clock.nowMs();
  const number = pace.sent(sentMs);
  const posted = http.post(path, body, listen?.());
  counts.inFlight++;
  tally.sent();
  return posted.then(
    (reply) => {
      counts.inFlight--;
      tally.ended();
      busy(clock.nowMs() - sentMs);
      onReply?.(reply);
      noteRates(reply, pace, number, clock.nowMs());
      return tally.answered(read, reply, context);
    },
    (error: unknown) => {
      counts.inFlight--;
      tally.ended();
      tally.failed();
      // Our own close cut the call, not the server. Other models may go on with that server.
      throw closing.aborted ? closing.reason : error;
    },
  );
}

/**
 * A service that refuses says itself when it takes the next call; what is left of its limits says it less exactly. A server that
 * tells no limits may have refused this one call alone: then the circuit breaker finds out when it takes others.
 */
function noteRates(reply: HttpReply, pace: Replica['pace'], number: number, nowMs: number): void {
  const left = rateLeft(reply, nowMs);
  const isLimit = left.length > 0 || reply.header('retry-after-ms') !== undefined;
  const waitMs = reply.status === 429 && isLimit ? askedMs(reply, undefined, nowMs) : 0;
  if (waitMs > 0) pace.hold(waitMs, nowMs);
  else pace.observe(left, number, nowMs);
}

/** What leads to the servers. */
interface Access {
  label: string;
  pool: Pool;
  serverOf(replica: Replica): Server;
  /** Its servers as they are now. */
  replicas(): ReplicaStats[];
  faultyLines(): number;
  disconnect(): Promise<void>;
}

/** One server, as this model speaks to it. */
interface Server {
  http: HttpClient;
  context: ReplyContext;
  tally: ReplicaTally;
}

function connect(
  name: string,
  options: ServerOptions,
  speaks: Speaks,
  { env, clock, folder = '.', pools = createSharedPools() }: ServerDeps,
): Access {
  const { model, slots, requestsInFlightMax, timeoutMs } = options;
  const apiKey = readApiKey(name, options.apiKeyEnv, env);
  const headers = (speaks.headersOf ?? keyHeaders)(apiKey);
  const { urls, list, writtenAs } = serversOf(name, options, speaks, folder);
  const noServerText = list && `model ${name} (${model}): ${list.path} lists no server`;
  const { pool, release, faultyLines } = pools.take({
    ...{ urls, list, noServerText, slots, requestsInFlightMax, headers, clock, rates: ratesOf(options) },
  });
  const { lastAnswer } = pool;
  const servers = new Map<Replica, Server>();
  const redact = keyRedactor(apiKey);

  function open(replica: Replica): Server {
    const written = writtenAs.get(replica.url) ?? replica.url;
    const label = `model ${name} (${model} at ${written})`;
    const key = { apiKeyEnv: options.apiKeyEnv, apiKey };
    const context: ReplyContext = { label, model, ...key, lastAnswer, speaks, nowMs: clock.nowMs };
    const url = speaks.besideV1 ? withoutV1(replica.url) : replica.url;
    const { connections } = replica;
    return {
      http: createHttpClient({ url, label, lastAnswer, clock, timeoutMs, headers, connections }),
      context,
      tally: createReplicaTally(),
    };
  }

  function statsAt(replica: Replica): ReplicaStats {
    const url = redact(writtenAs.get(replica.url) ?? replica.url);
    return { url, ...replicaState(replica), ...(servers.get(replica)?.tally.counts ?? NOTHING_SENT) };
  }

  return {
    label: `model ${name} (${model} at ${list?.path ?? options.replicas.join(', ')})`,
    pool,
    serverOf(replica) {
      const known = servers.get(replica);
      if (known) return known;
      for (const other of servers.keys()) if (other.hasLeft && other.calls === 0) servers.delete(other);
      const server = open(replica);
      servers.set(replica, server);
      return server;
    },
    replicas: () => pool.replicas.map(statsAt),
    faultyLines,
    async disconnect() {
      await Promise.all([...servers.values()].map(({ http }) => http.destroy()));
      await release();
    },
  };
}

/** Where the servers are: as the pool writes their urls, and as the user has. */
function serversOf(
  name: string,
  { replicas, replicasFrom }: ServerOptions,
  { besideV1 = false }: Speaks,
  folder: string,
): { urls: string[]; list: ReplicaList | undefined; writtenAs: ReadonlyMap<string, string> } {
  // The list of models, by which the pool sees whether a server is reachable, is always under /v1.
  const toUrl = (written: string): string =>
    (besideV1 ? `${withoutV1(written)}/v1` : new URL(written).href).replace(/\/+$/, '');
  if (replicasFrom === undefined) {
    const pairs = replicas.map((written): [string, string] => [toUrl(written), written]);
    return { urls: pairs.map(([url]) => url), list: undefined, writtenAs: new Map(pairs) };
  }
  const list = { path: resolve(folder, replicasFrom), faultOf: baseUrlFault, toUrl };
  return { urls: loadReplicas(name, list), list, writtenAs: new Map() };
}

function ratesOf({ requestsPerMinute, tokensPerMinute, model }: ServerOptions) {
  const isLimited = requestsPerMinute !== undefined || tokensPerMinute !== undefined;
  return isLimited ? { requestsPerMinute, tokensPerMinute, model } : undefined;
}

/** What a managed server sees of the environment: its own key, which `vllm serve` takes from there, and what `serve` names. */
function namedFor({ apiKeyEnv }: ServerOptions, { env }: ServeOptions): string[] {
  return apiKeyEnv === undefined ? env : [...env, apiKeyEnv];
}
