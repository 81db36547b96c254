import type { HttpReply, HttpClientOptions } from '../../src/backends/http/httpClient.js';
import { TryFailure } from '../../src/backends/http/tryFailure.js';
import type { SimulatedClock } from '../helpers/simulatedClock.js';
import type { Draws } from './draws.js';
import type { Network } from './simulatedHttpClient.js';
import { answerTo, keyOf, sequencesOf } from './replies.js';

export interface NetworkPlan {
  /** Middle time of a reply, with an idle server. */
  latencyMs: number;
  slots: number;
  hasMetrics: boolean;
  /** Probability that a try goes wrong. */
  faultShare: number;
  /** Most of a request's tries that go wrong. */
  faultsMax: number;
  outages: readonly Outage[];
  storms: readonly Storm[];
}

export interface Outage {
  /** Undefined: all of them. */
  url: string | undefined;
  fromMs: number;
  toMs: number;
}

/** A time in which a server refuses everybody. */
export interface Storm extends Outage {
  status: 429 | 503;
  retryAfter: string | undefined;
}

export interface SimulatedNetwork extends Network {
  readonly counts: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly settled: number;
  /** Kind of request → what it is like since its last good answer, if tries have failed since. */
  readonly failing: ReadonlyMap<string, Failing>;
}

export interface Failing {
  /** When the first of the failed tries was sent, and when the last one failed. */
  sinceMs: number;
  lastMs: number;
  tries: number;
  /** Whether the kind was ever answered. */
  wasAnswered: boolean;
}

/** Called when a request leaves, with the number of its sequences. */
export type OnDispatch = (url: string, sequences: number) => void;

interface Reply {
  status: number;
  text: string;
  headers: Record<string, string>;
  /** Whether the server answers, be it with a refusal of this one body. */
  isGood?: boolean;
}

const FAULTS = [
  ...['429', '503', '429 with Retry-After', '503 with Retry-After', '500', '502'],
  ...['reset', 'broken JSON', 'wrong JSON', 'web page', 'timeout', 'slow', 'sandbox failed'],
] as const;
type FaultKind = (typeof FAULTS)[number];

/** Servers that answer by the body alone, when and how often it pleases the seed. */
export function simulatedNetwork(
  clock: SimulatedClock,
  plan: NetworkPlan,
  draws: Draws,
  onDispatch: OnDispatch,
): SimulatedNetwork {
  const counts: Record<string, number> = {};
  const faulted = new Map<string, number>();
  const inFlight = new Map<string, number>();
  const startedMs = clock.nowMs();
  const failing = new Map<string, Failing>();
  const answered = new Set<string>();
  let sent = 0;
  let settled = 0;

  const count = (kind: string): void => void (counts[kind] = (counts[kind] ?? 0) + 1);
  const sinceStart = (): number => clock.nowMs() - startedMs;
  const isDown = (url: string): boolean => plan.outages.some((outage) => covers(outage, url, sinceStart()));

  /** Rejects when the client is destroyed, as a socket that is cut. */
  async function wait(ms: number, options: HttpClientOptions, signal: AbortSignal): Promise<void> {
    try {
      await clock.sleep(ms, signal);
    } catch {
      throw new TryFailure('unreachable', `${options.label} was cut by us`);
    }
  }

  function drawFault(key: string, options: HttpClientOptions): FaultKind | null {
    const before = faulted.get(key) ?? 0;
    if (before >= plan.faultsMax || !draws.chance(plan.faultShare)) return null;
    const kind = draws.pick(FAULTS);
    // If the server has never answered, these say that it is not the one that the file names, and end the run.
    if ((kind === 'wrong JSON' || kind === 'web page') && options.lastAnswer.atMs === undefined) return null;
    faulted.set(key, before + 1);
    count(kind);
    return kind;
  }

  function latencyMs(url: string): number {
    const crowd = Math.max(1, (inFlight.get(url) ?? 0) / plan.slots);
    return plan.latencyMs * crowd * (0.2 + draws.uniform() ** 3 * 4);
  }

  async function answer(
    body: Record<string, unknown>,
    options: HttpClientOptions,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { url, label, timeoutMs } = options;
    if (isDown(url)) {
      count('call of a dead server');
      await wait(5, options, signal);
      throw new TryFailure('unreachable', `${label} cannot be reached (ECONNREFUSED)`);
    }
    const storm = plan.storms.find((one) => covers(one, url, sinceStart()));
    if (storm) {
      count('call in a storm');
      await wait(10, options, signal);
      return refusal(storm.status, storm.retryAfter);
    }
    const fault = drawFault(keyOf(body), options);
    await wait(
      fault === 'timeout' ? timeoutMs : latencyMs(url) * (fault === 'slow' ? 10 : 1),
      options,
      signal,
    );
    if (isDown(url)) {
      count('reset by a dying server');
      throw new TryFailure('reset', `${label} cut the connection (ECONNRESET)`);
    }
    return fault ? faultReply(fault, body, options) : { ...answerTo(body), headers: {}, isGood: true };
  }

  function seeFailure(kind: string, sentMs: number): void {
    const { sinceMs, tries } = failing.get(kind) ?? { sinceMs: sentMs, tries: 0 };
    failing.set(kind, { sinceMs, lastMs: clock.nowMs(), tries: tries + 1, wasAnswered: answered.has(kind) });
  }

  function seeAnswer(kind: string): void {
    failing.delete(kind);
    answered.add(kind);
  }

  return {
    counts,
    failing,
    get sent() {
      return sent;
    },
    get settled() {
      return settled;
    },
    async post(path, body, options, signal) {
      const { url } = options;
      const sequences = sequencesOf(body);
      const kind = `${path} ${String(body['max_tokens'])}`;
      const sentMs = clock.nowMs();
      sent += 1;
      inFlight.set(url, (inFlight.get(url) ?? 0) + sequences);
      onDispatch(url, sequences);
      try {
        const { isGood, ...reply } = await answer(body, options, signal);
        if (isGood) seeAnswer(kind);
        else seeFailure(kind, sentMs);
        return httpReply(reply);
      } catch (error) {
        seeFailure(kind, sentMs);
        throw error;
      } finally {
        inFlight.set(url, inFlight.get(url)! - sequences);
        settled += 1;
      }
    },
    async get(path, options, signal) {
      await wait(5, options, signal);
      if (isDown(options.url)) throw new TryFailure('unreachable', `${options.label} cannot be reached`);
      if (path === '/models') return httpReply({ status: 200, text: '{"data":[]}', headers: {} });
      if (!plan.hasMetrics) return httpReply({ status: 404, text: '', headers: {} });
      const now = inFlight.get(options.url) ?? 0;
      const running = Math.min(now, plan.slots);
      const text = `vllm:num_requests_running ${running}\nvllm:num_requests_waiting ${now - running}\n`;
      return httpReply({ status: 200, text, headers: {} });
    },
  };
}

function covers({ url, fromMs, toMs }: Outage, asked: string, atMs: number): boolean {
  return (url === undefined || url === asked) && atMs >= fromMs && atMs < toMs;
}

function refusal(status: number, retryAfter: string | undefined): Reply {
  return { status, text: '{"error":"busy"}', headers: retryAfter ? { 'retry-after': retryAfter } : {} };
}

function faultReply(kind: FaultKind, body: Record<string, unknown>, { label }: HttpClientOptions): Reply {
  const good: Reply = { ...answerTo(body), headers: {} };
  if (kind === 'slow') return { ...good, isGood: true };
  if (kind === 'timeout') throw new TryFailure('timeout', `${label} did not answer in time`);
  if (kind === 'reset') throw new TryFailure('reset', `${label} cut the connection (ECONNRESET)`);
  if (kind === 'broken JSON')
    return { ...good, status: 200, text: good.text.slice(0, good.text.length >> 1) };
  if (kind === 'wrong JSON') return { status: 200, text: '{"object":"nothing"}', headers: {} };
  if (kind === 'web page') return { status: 200, text: '<html>', headers: { 'content-type': 'text/html' } };
  if (kind === 'sandbox failed')
    return body['code'] === undefined
      ? refusal(500, undefined)
      : { status: 200, text: '{"status":"SandboxError","message":"no room"}', headers: {} };
  return refusal(Number(kind.slice(0, 3)), kind.endsWith('Retry-After') ? '3' : undefined);
}

function httpReply({ status, text, headers }: Omit<Reply, 'isGood'>): HttpReply {
  return { status, text, header: (name) => headers[name] };
}
