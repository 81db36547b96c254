import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import {
  type ManagedServer,
  type ServeOptions,
  serveOptions,
  startServer,
} from '../../process/managedServer.js';
import type { ModelStats } from '../model.js';
import type { Pool } from '../pool/pool.js';
import { type HttpReply, type Poster, createPoster } from '../http/httpClient.js';
import { type TryFailure, withRetry } from '../http/retry.js';
import type { ReplyContext, Speaks } from './serverReplies.js';
import { type SharedPools, createSharedPools } from '../pool/sharedPools.js';

/** What every kind of model behind HTTP servers shares: its options, its requests with their retries, its counters. */

/** Options that say where and what. `path` is an end that a url must not have, as `/completions`. */
export function addressOptions(path: string) {
  return {
    replicas: z
      .array(
        z.string().superRefine((text, context) => {
          const message = urlFault(text, path);
          if (message) context.addIssue({ code: 'custom', message });
        }),
      )
      .min(1)
      .refine((urls) => new Set(urls).size === urls.length, 'expected each url once')
      .describe(
        'Servers of the model, each by the base of its API, which mostly ends in /v1: [http://127.0.0.1:8000/v1].',
      ),
    model: z.string().min(1).describe('The name under which the server knows the model.'),
    apiKeyEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable, not a key')
      .optional()
      .describe(
        'Name of the environment variable that holds the key; the key itself is never written anywhere.',
      ),
  };
}

/** Options that say how much at once and for how long. */
export const loadOptions = {
  serve: serveOptions.optional().describe(serveOptions.description!),
  slots: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Requests that one server runs at once (vLLM’s --max-num-seqs), for servers without a metrics page; with one, the ' +
        'server’s own queue tells.',
    ),
  requestsInFlightMax: z
    .int()
    .min(1)
    .max(65_536)
    .default(1024)
    .describe(
      'Most requests, and connections, at once to one server; how many it is given is steered below that.',
    ),
  timeoutMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(600_000)
    .describe('Deadline of one request, from connecting to the last byte, in milliseconds.'),
  retriesMax: z
    .int()
    .min(0)
    .max(100)
    .default(5)
    .describe('Tries after the first when the server fails; waiting for a busy server costs none.'),
  unreachableMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(60_000)
    .describe('How long the server may be away before the run ends, in milliseconds.'),
};

/** A refinement: `serve` starts one server. */
export function checkServe(
  { serve, replicas }: { serve?: unknown; replicas: readonly string[] },
  context: z.RefinementCtx,
): void {
  if (!serve || replicas.length === 1) return;
  const message =
    'expected one replica with serve; give each server of its own a model, or start them yourself';
  context.addIssue({ code: 'custom', path: ['serve'], message });
}

/** More fields of a body, but for those that the framework sets. */
export function extraOption(ownFields: readonly string[], help: string) {
  return z
    .record(z.string(), z.json())
    .default({})
    .superRefine((fields, context) => {
      const own = Object.keys(fields).find((key) => ownFields.includes(key));
      if (own)
        context.addIssue({ code: 'custom', message: `${own} is set by the steps and cannot be set here` });
    })
    .describe(help);
}

/** What is wrong with a base url; null if nothing. A part that could hold a key is not repeated. */
function urlFault(text: string, path: string): string | null {
  if (!URL.canParse(text)) return 'expected a url, as in http://127.0.0.1:8000/v1';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'expected http:// or https://';
  if (url.username || url.password) return 'expected a url without user and password; use apiKeyEnv';
  if (url.search || url.hash) return 'expected a url without ? and #';
  if (url.pathname.replace(/\/+$/, '').endsWith(path)) return `expected the base of the API, without ${path}`;
  return null;
}

export interface ServerOptions {
  replicas: readonly string[];
  model: string;
  apiKeyEnv?: string | undefined;
  serve?: ServeOptions | undefined;
  slots?: number | undefined;
  requestsInFlightMax: number;
  timeoutMs: number;
  retriesMax: number;
  unreachableMs: number;
}

/** What every description of a model behind servers has in common: its protocol's own part comes on top. */
export function describeServed({
  replicas,
  model,
  apiKeyEnv,
  serve,
  timeoutMs,
}: Pick<ServerOptions, 'replicas' | 'model' | 'apiKeyEnv' | 'serve' | 'timeoutMs'>) {
  const servers = { replicas, model, apiKeyEnv, isManaged: serve !== undefined, timeoutMs };
  return { servers, files: [], contextTokens: undefined, rawPrompts: null, scoresQuestions: false };
}

export interface ServerDeps {
  env: Readonly<Record<string, string | undefined>>;
  /** Variables that a managed server must not see: the keys of other models. */
  keyVariables?: ReadonlySet<string>;
  clock: Clock;
  /** Uniform in [0, 1); spreads retries. */
  random: () => number;
  /** Roles that are given the same one share their servers' pools. */
  pools?: SharedPools | undefined;
  /** Gives up a managed server that is still starting. */
  signal?: AbortSignal | undefined;
}

/** What a reply cost, in tokens. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
}

type ReadReply<T> = (reply: HttpReply, context: ReplyContext) => T;

export interface ServerClient {
  /** Names the model and all its servers at the start of each message. */
  readonly label: string;
  /**
   * Posts `body`, written anew by JSON.stringify for each try, to `path` of a server while that fails with a TryFailure. `read`
   * throws what a reply means where it is not what was asked for. Rejects with a RowError or a ScaleQuestError.
   */
  send<T extends Usage>(seq: number, path: string, body: unknown, read: ReadReply<T>): Promise<T>;
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
  const { retriesMax, unreachableMs, serve } = options;
  const { clock, random } = deps;
  const { pool, servers, disconnect } = connect(name, options, speaks, deps);
  const { health } = pool;
  const label = `model ${name} (${options.model} at ${options.replicas.join(', ')})`;
  const managed = serve && (await startManaged(name, serve, options, pool, deps, disconnect));
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const counts = {
    ...{ requests: 0, retries: 0, failures: 0, open: 0, inFlight: 0, promptTokens: 0, completionTokens: 0 },
  };
  let trouble: string | undefined;
  const retryOptions = {
    ...{ retriesMax, unreachableMs, health, clock, random, signal: closing.signal },
    onRetry(failure: TryFailure) {
      counts.retries++;
      trouble = failure.message;
    },
  };

  // Every call hears of it at once: nothing will answer there, however long it is asked.
  void managed?.died.then((error) => closing.abort(error));
  let isClosed = false;

  function answered<T extends Usage>(answer: T): T {
    trouble = undefined;
    counts.open--;
    counts.promptTokens += answer.promptTokens;
    counts.completionTokens += answer.completionTokens;
    return answer;
  }

  function failed(error: unknown): never {
    counts.open--;
    if (!closing.signal.aborted) counts.failures++;
    throw error;
  }

  const send: ServerClient['send'] = (seq, path, body, read) => {
    counts.requests++;
    counts.open++;
    const once = tryAt(servers, closing.signal, counts, { path, body, read });
    return withRetry(() => pool.run(seq, once), retryOptions).then(answered, failed);
  };

  return {
    label,
    send,
    stats() {
      const { open, ...totals } = counts;
      // Calls that wait for their next try are queued too.
      return { ...totals, queued: open - counts.inFlight, memoryPeakBytes: 0, trouble };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      closing.abort(new ScaleQuestError('ERR_CANCELLED', `${label} was closed before the call ended`));
      await disconnect();
      await managed?.stop();
    },
  };
}

async function startManaged(
  name: string,
  serve: ServeOptions,
  options: ServerOptions,
  { isThere }: Pool,
  deps: ServerDeps,
  disconnect: () => Promise<void>,
): Promise<ManagedServer> {
  const { clock, signal } = deps;
  try {
    return await startServer(name, serve, { env: serverEnv(options, deps), clock, isReady: isThere, signal });
  } catch (error) {
    await disconnect();
    throw error;
  }
}

/** One try, at the server that the pool picked. */
function tryAt<T>(
  servers: Connections['servers'],
  closing: AbortSignal,
  counts: { inFlight: number },
  { path, body, read }: { path: string; body: unknown; read: ReadReply<T> },
): (replica: { index: number }) => Promise<T> {
  return ({ index }) => {
    closing.throwIfAborted();
    const { poster, context } = servers[index]!;
    const posted = poster.post(path, body);
    counts.inFlight++;
    return posted.then(
      (reply) => {
        counts.inFlight--;
        return read(reply, context);
      },
      (error: unknown) => {
        counts.inFlight--;
        // Cut by our own close, not by the server: other roles may go on with it.
        throw closing.aborted ? closing.reason : error;
      },
    );
  };
}

interface Connections {
  pool: Pool;
  servers: { poster: Poster; context: ReplyContext }[];
  disconnect(): Promise<void>;
}

function connect(
  name: string,
  options: ServerOptions,
  speaks: Speaks,
  { env, clock, pools = createSharedPools() }: ServerDeps,
): Connections {
  const { model, replicas, slots, requestsInFlightMax, timeoutMs } = options;
  const apiKey = readApiKey(name, options.apiKeyEnv, env);
  const headers = keyHeaders(apiKey);
  // The list of models, by which the pool looks for life, is always under /v1.
  const urls = speaks.besideV1 ? replicas.map((url) => `${withoutV1(url)}/v1`) : replicas;
  const { pool, release } = pools.take({ urls, slots, requestsInFlightMax, headers, clock });
  const { health } = pool;
  const servers = replicas.map((written, at) => {
    const label = `model ${name} (${model} at ${written})`;
    const key = { apiKeyEnv: options.apiKeyEnv, apiKey };
    const context: ReplyContext = { label, model, ...key, health, speaks, nowMs: clock.nowMs };
    const url = speaks.besideV1 ? withoutV1(written) : written;
    const shared = { url, label, health, clock, timeoutMs, headers };
    return { poster: createPoster({ ...shared, connections: pool.connections[at]! }), context };
  });
  return {
    pool,
    servers,
    async disconnect() {
      await Promise.all(servers.map(({ poster }) => poster.destroy()));
      await release();
    },
  };
}

/** Its own key is its business, as `vllm serve` takes it; those of other models are not. */
function serverEnv({ apiKeyEnv }: ServerOptions, { env, keyVariables }: ServerDeps): ServerDeps['env'] {
  const isOthers = (name: string): boolean => name !== apiKeyEnv && (keyVariables?.has(name) ?? false);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOthers(name)));
}

function withoutV1(url: string): string {
  return url.replace(/(\/v1)?\/*$/, '');
}

export function keyHeaders(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

/** Throws ERR_MODEL_LOAD if the variable is not set, or holds what no key can be. */
export function readApiKey(
  name: string,
  variable: string | undefined,
  env: ServerDeps['env'],
): string | undefined {
  if (variable === undefined) return undefined;
  const key = env[variable]?.trim();
  if (!key) {
    throw new ScaleQuestError(
      'ERR_MODEL_LOAD',
      `model ${name} takes its key from the environment variable ${variable}, which is not set`,
    );
  }
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `the environment variable ${variable} of model ${name} does not hold a key: it has spaces or other characters ` +
      'that no key has',
  );
}
