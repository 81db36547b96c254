import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { deriveSeed } from '../../src/random.js';
import { type Gauges, type Ticket, createEngine } from './engine.js';
import { type Command, type Fault, type FaultShares, NO_FAULTS, commandFault, drawFault } from './faults.js';
import { createLag, metricsPage } from './metrics.js';
import type { EndpointOptions } from './options.js';
import {
  type Plan,
  type Refusal,
  CHARS_PER_TOKEN,
  errorBody,
  isModelPath,
  readRequest,
  settingsOf,
} from './protocols.js';
import { type EndpointStats, occupancyBetween } from './stats.js';

/** The server inside its process; everything but the process itself. */
export interface Endpoint {
  listen(): Promise<number>;
  /** Throws if the command is not understood. */
  control(command: Command): void;
  stats(): EndpointStats;
  /** Prompt tokens and tokens of each sequence that ended, by turns, in order of arrival. */
  jobs(): number[];
  close(): void;
}

/** A request to the model that has not been answered. */
interface Open {
  response: ServerResponse;
  ticket: Ticket | null;
  settled: boolean;
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { timeScale } = options;
  const waits = timeScale > 0;
  const startedAtMs = wallMs();
  const settings = settingsOf(options);
  const engine = createEngine({
    slots: options.slots,
    stepBaseMs: options.stepBaseMs,
    stepPerSlotMs: options.stepPerSlotMs,
    prefillTokensPerStep: options.prefillTokensPerStep,
    kvTokensMax: options.kvTokensMax ?? Infinity,
    queuedMax: options.queuedMax ?? Infinity,
    prefixBlocksMax: options.prefixBlocksMax,
    bucketMs: options.bucketMs * (waits ? timeScale : 1),
  });
  const lag = createLag();
  const sockets = new Set<Socket>();
  const open = new Set<Open>();
  const seenKeys = new Set<number>();
  const triesByBody = new Map<number, number>();
  /** Prompt tokens and tokens of each sequence by turns, and tokens NaN until its request ends. */
  const work: number[] = [];
  const counts = {
    requests: { total: 0, byPath: {}, byStatus: {}, aborted: 0, inFlightMost: 0, repeated: 0 } as Omit<
      EndpointStats['requests'],
      'inFlight'
    >,
    faults: { ...NO_FAULTS, storm429: 0 } as Record<keyof FaultShares | 'storm429', number>,
    connections: { opened: 0, most: 0 },
    promptTokens: 0,
    tokensAtOnce: 0,
    deaths: 0,
  };
  let { latencyMs, faultSeed, faultsBy, metrics, metricsLagMs, port } = options;
  let shares: FaultShares = NO_FAULTS;
  let storm: { untilMs: number; retryAfterS: number | undefined } = { untilMs: 0, retryAfterS: undefined };
  let frozen: Gauges | null = null;
  let server: Server | null = null;
  let returnTimer: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerDueMs = Infinity;

  const simulatedMs = (): number => (wallMs() - startedAtMs) * (waits ? timeScale : 1);

  // The lag is real time; ten samples in it are as fine as any client looks.
  const sampler = setInterval(noteGauges, Math.max(20, options.metricsLagMs / 10));
  noteGauges();

  function noteGauges(): void {
    lag.note(wallMs(), engine.published(simulatedMs()));
  }

  /** One timer for the engine's next event, however many requests there are. */
  function arm(): void {
    const dueMs = engine.nextEventMs();
    if (dueMs >= timerDueMs || dueMs === Infinity) return;
    clearTimeout(timer);
    timerDueMs = dueMs;
    const leftMs = (dueMs - simulatedMs()) / timeScale;
    timer = setTimeout(wake, Math.max(0, Math.ceil(leftMs)));
  }

  function wake(): void {
    timerDueMs = Infinity;
    engine.advance(simulatedMs());
    arm();
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    // uvicorn sends neither Connection nor Keep-Alive.
    response.removeHeader('connection');
    if (request.method === 'GET') {
      request.resume();
      answerGet(request.url!, response);
      return;
    }
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    request.on('data', (chunk: Buffer) => {
      if (!first) first = chunk;
      else (more ??= [first]).push(chunk);
    });
    request.on('end', () => {
      const text = more ? Buffer.concat(more).toString() : (first ?? '').toString();
      answerPost(pathOf(request.url!), text, response);
    });
  }

  function answerPost(path: string, text: string, response: ServerResponse): void {
    const body = parseJson(text);
    if (path === '/control') {
      answerControl(body, response);
      return;
    }
    if (!isModelPath(path)) {
      if (path === '/tokenize') sendJson(response, 200, tokenized(body, options.contextTokens));
      else sendJson(response, 404, { detail: 'Not Found' });
      return;
    }
    answerModel(path, text, body, response);
  }

  function answerModel(path: string, text: string, body: unknown, response: ServerResponse): void {
    const { requests } = counts;
    const number = requests.total++;
    requests.byPath[path] = (requests.byPath[path] ?? 0) + 1;
    const one: Open = { response, ticket: null, settled: false };
    open.add(one);
    requests.inFlightMost = Math.max(requests.inFlightMost, open.size);
    response.once('close', () => onClose(one));

    if (wallMs() < storm.untilMs) {
      counts.faults.storm429++;
      refuse(one, { status: 429, message: 'Too many requests', type: 'RateLimitError' }, storm.retryAfterS);
      return;
    }
    const fault = faultOf(text, number);
    if (fault) counts.faults[fault]++;
    if (fault === 'hang') return;
    if (fault === 'error500') {
      refuse(one, { status: 500, message: 'Internal server error', type: 'InternalServerError' });
      return;
    }
    if (body === null || typeof body !== 'object') {
      refuse(one, { status: 400, message: 'the body is not a JSON object', type: 'BadRequestError' });
      return;
    }
    const plan = readRequest(path, body as Record<string, unknown>, settings);
    if ('status' in plan) {
      refuse(one, plan);
      return;
    }
    if (options.remembers) countRepeated(plan);
    begin(one, plan, fault);
  }

  function countRepeated({ key }: Plan): void {
    if (seenKeys.has(key)) counts.requests.repeated++;
    else seenKeys.add(key);
  }

  function faultOf(text: string, number: number): Fault | null {
    if (shares === NO_FAULTS) return null;
    if (faultsBy === 'number') return drawFault(shares, faultSeed, number, 0);
    const hash = deriveSeed(0, text, 0);
    const tries = triesByBody.get(hash) ?? 0;
    triesByBody.set(hash, tries + 1);
    return drawFault(shares, faultSeed, hash, tries);
  }

  function begin(one: Open, plan: Plan, fault: Fault | null): void {
    const noteDone = options.remembers ? noteBegun(plan) : () => {};
    const onDone = (): void => {
      noteDone();
      counts.promptTokens += plan.promptTokens;
      if (latencyMs > 0) setTimeout(finish, latencyMs, one, plan, fault);
      else finish(one, plan, fault);
    };
    if (!waits) {
      for (const { tokens } of plan.jobs) counts.tokensAtOnce += tokens;
      onDone();
      return;
    }
    one.ticket = engine.submit(plan.jobs, simulatedMs(), onDone);
    if (!one.ticket) {
      refuse(one, { status: 503, message: 'The request queue is full', type: 'ServiceUnavailableError' });
      return;
    }
    arm();
  }

  function noteBegun({ jobs: begun }: Plan): () => void {
    const workAt = work.length;
    for (const { promptTokens } of begun) work.push(promptTokens, NaN);
    return () => begun.forEach(({ tokens }, at) => (work[workAt + at * 2 + 1] = tokens));
  }

  function finish(one: Open, plan: Plan, fault: Fault | null): void {
    if (one.settled) return;
    const text = JSON.stringify(plan.reply(fault === 'wrongChoices' ? 1 : 0));
    if (fault === 'reset' || fault === 'halfClosed') {
      settle(one, fault);
      breakHalfWay(one.response, text, fault);
      return;
    }
    settle(one, '200');
    if (fault === 'closedAfter') {
      const { socket } = one.response;
      one.response.once('finish', () => socket?.end());
    }
    sendText(one.response, 200, fault === 'truncated' ? text.slice(0, text.length >> 1) : text);
  }

  function refuse(one: Open, refusal: Refusal, retryAfterS?: number): void {
    settle(one, String(refusal.status));
    const headers: Record<string, string> =
      retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
    sendJson(one.response, refusal.status, errorBody(refusal), headers);
  }

  function settle(one: Open, status: string): void {
    one.settled = true;
    open.delete(one);
    const { byStatus } = counts.requests;
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }

  /** Its client left before the answer. */
  function onClose(one: Open): void {
    if (one.settled) return;
    one.settled = true;
    open.delete(one);
    counts.requests.aborted++;
    if (!one.ticket) return;
    engine.abort(one.ticket, simulatedMs());
    arm();
  }

  function answerGet(url: string, response: ServerResponse): void {
    const path = pathOf(url);
    if (path === '/health') sendText(response, 200, '');
    else if (path === '/models') sendJson(response, 200, modelsOf(options));
    else if (path === '/jobs') sendJson(response, 200, jobs());
    else if (path === '/stats') sendJson(response, 200, withOccupancy(stats(), url));
    else if (path === '/metrics' && metrics !== 'absent') {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
      sendText(response, 200, metricsText());
    } else sendJson(response, 404, { detail: 'Not Found' });
  }

  function metricsText(): string {
    const { kvTokensMax } = engine.config;
    return metricsPage(
      options.metricsFlavour,
      metrics,
      gaugesNow(),
      kvTokensMax,
      options.model || 'simulated',
    );
  }

  function gaugesNow(): Gauges {
    if (metrics === 'frozen' && frozen) return frozen;
    return metricsLagMs > 0 ? lag.at(wallMs() - metricsLagMs) : engine.published(simulatedMs());
  }

  function answerControl(body: unknown, response: ServerResponse): void {
    const fault = commandFault(body);
    if (fault) {
      sendJson(response, 400, { error: fault });
      return;
    }
    const { die, ...rest } = body as Command;
    control(rest);
    sendJson(response, 200, { ok: true });
    // The reply must reach the client before its connection is reset.
    if (die) setTimeout(control, 20, { die });
  }

  function control(command: Command): void {
    const fault = commandFault(command);
    if (fault) throw new Error(fault);
    const { slots, slowFactor, die, revive, storm: nextStorm } = command;
    if (slots !== undefined) engine.configure({ slots }, simulatedMs());
    if (slowFactor !== undefined) engine.configure({ slowFactor }, simulatedMs());
    if (nextStorm) storm = { untilMs: wallMs() + nextStorm.forMs, retryAfterS: nextStorm.retryAfterS };
    if (command.shares) {
      shares = { ...shares, ...command.shares };
      if (Object.values(shares).every((share) => share === 0)) shares = NO_FAULTS;
    }
    if (command.metrics) {
      frozen = command.metrics === 'frozen' ? gaugesNow() : null;
      metrics = command.metrics;
    }
    latencyMs = command.latencyMs ?? latencyMs;
    faultSeed = command.faultSeed ?? faultSeed;
    faultsBy = command.faultsBy ?? faultsBy;
    metricsLagMs = command.metricsLagMs ?? metricsLagMs;
    if (die) goDown(die.returnAfterMs);
    if (revive) void listen();
    if (waits) arm();
  }

  function goDown(returnAfterMs: number | undefined): void {
    if (!server) return;
    counts.deaths++;
    for (const one of open) settle(one, 'died');
    engine.setDown(true, simulatedMs());
    stopListening();
    if (returnAfterMs !== undefined) returnTimer = setTimeout(() => void listen(), returnAfterMs);
  }

  function stopListening(): void {
    clearTimeout(returnTimer);
    server?.close();
    server = null;
    for (const socket of sockets) socket.resetAndDestroy();
  }

  /** The port stays the same when it comes back. */
  async function listen(): Promise<number> {
    if (server) return port;
    clearTimeout(returnTimer);
    const next = createServer({
      keepAliveTimeout: options.keepAliveMs,
      headersTimeout: 0,
      requestTimeout: 0,
    });
    server = next;
    next.on('request', onRequest);
    next.on('connection', onConnection);
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve);
    });
    port = (next.address() as AddressInfo).port;
    engine.setDown(false, simulatedMs());
    return port;
  }

  function onConnection(socket: Socket): void {
    socket.setNoDelay(true);
    sockets.add(socket);
    counts.connections.opened++;
    counts.connections.most = Math.max(counts.connections.most, sockets.size);
    socket.once('close', () => sockets.delete(socket));
  }

  function stats(): EndpointStats {
    engine.advance(simulatedMs());
    if (waits) arm();
    const { totals, timeline } = engine;
    const scale = waits ? timeScale : 1;
    const { user, system } = process.cpuUsage();
    const real = (values: readonly number[]): number[] => values.map((ms) => Math.round(ms / scale));
    return {
      ...{ startedAtMs, nowMs: wallMs(), bucketMs: options.bucketMs, timeScale },
      ...{ busyMs: real(timeline.busyMs), capacityMs: real(timeline.capacityMs) },
      waitingMost: timeline.waitingMost,
      requests: { ...counts.requests, inFlight: open.size },
      faults: counts.faults,
      sequences: {
        ...{ total: totals.sequences, aborted: totals.sequencesAborted, waitingMost: totals.waitingMost },
      },
      tokens: {
        prompt: counts.promptTokens,
        cached: totals.tokensCached,
        made: totals.tokens + counts.tokensAtOnce,
        wasted: totals.tokensWasted,
      },
      preemptions: totals.preemptions,
      deaths: counts.deaths,
      connections: { ...counts.connections, now: sockets.size },
      cpuMs: (user + system) / 1000,
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  }

  function jobs(): number[] {
    const ended: number[] = [];
    for (let at = 0; at < work.length; at += 2) {
      if (!Number.isNaN(work[at + 1])) ended.push(work[at]!, work[at + 1]!);
    }
    return ended;
  }

  function close(): void {
    clearInterval(sampler);
    clearTimeout(timer);
    stopListening();
  }

  return { listen, control, stats, jobs, close };
}

/** Real milliseconds since 1970, never backwards; the same in every process of the machine but for some drift. */
function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

/** `/v1/score` and `/score` are one. */
function pathOf(url: string): string {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  return path.startsWith('/v1/') ? path.slice(3) : path;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  for (const [name, header] of Object.entries(headers)) response.setHeader(name, header);
  sendText(response, status, JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.writeHead(status);
  response.end(text);
}

function breakHalfWay(response: ServerResponse, text: string, how: 'reset' | 'halfClosed'): void {
  const { socket } = response;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(text));
  const half = text.slice(0, text.length >> 1);
  if (how === 'halfClosed') response.write(half, () => socket?.end());
  // A reset may overtake what was written, and the client is to see half of it.
  else response.write(half, () => setTimeout(() => socket?.resetAndDestroy(), 5));
}

function modelsOf({ model, contextTokens }: EndpointOptions): object {
  const one = { id: model || 'simulated', object: 'model', created: 0, owned_by: 'simulated' };
  return { object: 'list', data: [{ ...one, max_model_len: contextTokens }] };
}

function tokenized(body: unknown, contextTokens: number | null): object {
  const { prompt = '' } = (body ?? {}) as { prompt?: string };
  const count = Math.ceil(prompt.length / CHARS_PER_TOKEN);
  return { count, max_model_len: contextTokens, tokens: Array.from({ length: count }, (_, at) => at) };
}

/** `/stats?from=…&to=…` adds the occupancy between two times. */
function withOccupancy(stats: EndpointStats, url: string): object {
  const query = new URL(url, 'http://localhost').searchParams;
  if (!query.has('from')) return stats;
  const toMs = Number(query.get('to') ?? stats.nowMs);
  return { ...stats, occupancy: occupancyBetween(stats, Number(query.get('from')), toMs) };
}
