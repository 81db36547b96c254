import { z } from 'zod';
import type { Clock } from '../../clock.js';
import { ScaleQuestError } from '../../errors.js';
import { type HttpClient, type HttpReply, createHttpClient } from '../http/httpClient.js';
import { type LastAnswer, type RetryOptions, withRetry } from '../http/retryPolicy.js';
import { TryFailure } from '../http/tryFailure.js';
import {
  BATCH_CONNECTIONS_MAX,
  BATCH_LIST_TIMEOUT_MS,
  BATCH_READS_MAX,
  BATCH_UNREACHABLE_MS_DEFAULT,
  BUSY_MS_DEFAULT,
  RETRY_BACKOFF,
} from '../limits.js';
import { keyHeaders, readApiKey } from '../server/apiKey.js';
import { type ReplyContext, type Speaks, parseReply, statusError } from '../server/readServerReply.js';
import type { ServerDeps } from '../server/serverClient.js';
import { serverWords } from '../server/serverError.js';
import { type ServerOptions, withoutV1 } from '../server/serverOptions.js';

/** What services that take requests in batches have in common; a dialect is the rest (openaiBatches.ts, anthropicBatches.ts). */

export interface BatchApiOptions extends Omit<ServerOptions, 'requestsInFlightMax'> {
  pollMs: number;
  /** Where only the results of a batch say whose it is: whether to wait for those that ran before us. */
  waitForRunning?: boolean | undefined;
}

/** An order, as the service last told of it. */
export interface BatchJob {
  id: string;
  state: 'running' | 'completed' | 'failed' | 'expired' | 'cancelled';
  /** Why it failed, in the service's words. */
  why?: string | undefined;
  /** Where its results lie. If a request has several, the last one's counts. */
  resultPaths: readonly string[];
  /** How many results it has; undefined where the service does not say. */
  resultCount?: number | undefined;
}

/** What became of one request of a batch. */
export type Result = {
  /** Of the request. */
  id: string;
} & (
  | { kind: 'reply'; status: number; body: unknown }
  | { kind: 'expired' }
  | { kind: 'cancelled' }
  | { kind: 'lost'; words: string | undefined }
);

/** One request of a batch. Its result is found again by `id`, in this process or a later one; `body` is JSON. */
export interface BatchRequest {
  id: string;
  body: string;
}

/** What a dialect needs to speak to its service. */
export interface BatchService {
  http: HttpClient;
  context: ReplyContext;
  timeoutMs: number;
  signal: AbortSignal;
  clock: Clock;
  waitForRunning: boolean;
  /** Sends, again as long as the retry policy allows it, and reads the reply. */
  ask<T>(send: () => Promise<HttpReply>, read: (reply: HttpReply) => T): Promise<T>;
  /**
   * Sends an order. One whose reply was lost may have been taken, and would be paid for twice: before it is sent again, `find`
   * looks for it.
   */
  order(
    send: () => Promise<HttpReply>,
    read: (reply: HttpReply) => BatchJob,
    find: () => Promise<BatchJob | undefined>,
  ): Promise<BatchJob>;
  /** Gets the list of batches, of any status. */
  listed(): Promise<HttpReply>;
  follow: BatchApi['follow'];
  /** Shows the user what is waited for. */
  waitFor(what: string | undefined): void;
}

/** A list of batches in either dialect, as far as a probe looks at it. */
const probeSchema = z.object({ data: z.array(z.unknown()) });

/** How one kind of service takes batches. */
export interface BatchDialect {
  speaks: Speaks;
  /** How the ids of requests begin. */
  idPrefix: string;
  /** Gets the latest batches of the account. */
  listPath: string;
  pathOf(batchId: string): string;
  readBatch(reply: HttpReply, context: ReplyContext): BatchJob;
  /** Undefined where a line of results cannot be read. */
  readResult(line: unknown): Result | undefined;
  open(service: BatchService): Pick<BatchApi, 'submit' | 'earlier'>;
}

export interface BatchApi {
  context: ReplyContext;
  idPrefix: string;
  /** Orders a batch. Once `signal` is aborted it orders nothing, because nobody would wait for it. */
  submit(requests: readonly BatchRequest[], path: string): Promise<BatchJob>;
  /** Waits until a batch is over, and gives its results by the ids of its requests. */
  follow(batch: BatchJob): Promise<{ batch: BatchJob; results: Map<string, Result> }>;
  /** Batches that an earlier process has ordered, by the ids of the requests in them. */
  earlier(): Promise<Map<string, BatchJob>>;
  /** What is waited for beside the batches of this process. */
  trouble(): { trouble?: string };
  /** Asks for the list of batches. That shows a wrong key, path or protocol without an order. */
  probe(): Promise<void>;
  cancel(id: string): Promise<unknown>;
  destroy(): Promise<void>;
}

/** Throws ERR_MODEL_LOAD if the key's variable is not set. Uses the first of `replicas`. */
export function createBatchApi(
  name: string,
  options: BatchApiOptions,
  dialect: BatchDialect,
  { env, clock, random }: ServerDeps,
  signal: AbortSignal,
): BatchApi {
  const { model, apiKeyEnv, timeoutMs, pollMs, waitForRunning = true } = options;
  const { speaks, idPrefix, listPath, pathOf } = dialect;
  const written = options.replicas[0]!;
  const url = speaks.besideV1 ? withoutV1(written) : written;
  const label = `model ${name} (${model} at ${written})`;
  const apiKey = readApiKey(name, apiKeyEnv, env);
  const lastAnswer: LastAnswer = { atMs: undefined };
  const http = createHttpClient({
    ...{ url, headers: (speaks.headersOf ?? keyHeaders)(apiKey), connections: BATCH_CONNECTIONS_MAX },
    ...{ timeoutMs, label, lastAnswer, clock },
  });
  const context: ReplyContext = {
    ...{ label, model, apiKeyEnv, apiKey, lastAnswer, speaks, nowMs: clock.nowMs },
  };
  const retry = { lastAnswer, clock, random, signal };
  const { ask, watch, order } = createSenders(options, retry);
  let waited: string | undefined;

  async function results(batch: BatchJob): Promise<Result[]> {
    for (let reads = 1; ; reads++) {
      let found: Result[] = [];
      for (const path of batch.resultPaths) {
        const read = (reply: HttpReply): Result[] => readLines(reply, dialect, context);
        found = found.concat(await watch(() => http.get(path, timeoutMs), read));
      }
      if (found.length >= (batch.resultCount ?? 0) || reads >= BATCH_READS_MAX) return found;
      await clock.sleep(pollMs, signal);
    }
  }

  async function follow(ordered: BatchJob): Promise<{ batch: BatchJob; results: Map<string, Result> }> {
    let batch = ordered;
    while (batch.state === 'running') {
      await clock.sleep(pollMs, signal);
      batch = await watch(
        () => http.get(pathOf(batch.id), timeoutMs),
        (reply) => dialect.readBatch(reply, context),
      );
    }
    const found = await results(batch);
    return { batch, results: new Map(found.map((result) => [result.id, result])) };
  }

  const listed = (): Promise<HttpReply> => http.get(listPath, Math.min(timeoutMs, BATCH_LIST_TIMEOUT_MS));
  const waitFor = (what: string | undefined): void => void (waited = what);
  const opened = dialect.open({
    ...{ http, context, timeoutMs, signal, clock, waitForRunning },
    ...{ ask, order, listed, follow, waitFor },
  });
  return {
    ...{ context, idPrefix, follow, ...opened },
    trouble: () => (waited === undefined ? {} : { trouble: waited }),
    probe: () => ask(listed, (reply) => void parseReply(reply, probeSchema, 'data', context)),
    cancel: (id) => http.post(`${pathOf(id)}/cancel`, {}),
    destroy: () => http.destroy(),
  };
}

/** Sends again what failed, by the retry policy. */
function createSenders(
  options: BatchApiOptions,
  retry: Pick<RetryOptions, 'lastAnswer' | 'clock' | 'random' | 'signal'>,
) {
  const patience = patienceOf(options);
  const ask: BatchService['ask'] = (send, read) =>
    withRetry(() => send().then(read), { ...patience.order, ...retry });

  /** A batch goes on, and is paid for, while its service cannot tell of it: that is waited for like an outage. */
  const watch: BatchService['ask'] = (send, read) =>
    withRetry(() => send().then(read), { ...patience.watch, ...retry });

  const order: BatchService['order'] = (send, read, find) => {
    let isFirst = true;
    const attempt = async (): Promise<BatchJob> => {
      const placed = isFirst ? undefined : await find().catch(ignoreUnlisted);
      isFirst = false;
      return placed ?? read(await send());
    };
    return withRetry(attempt, { ...patience.order, ...retry });
  };
  return { ask, watch, order };
}

/** Asks for the account's batches and orders none. Rejects as a request of a run would. */
export async function probeBatches(
  name: string,
  options: BatchApiOptions,
  dialect: BatchDialect,
  deps: ServerDeps,
): Promise<void> {
  const api = createBatchApi(name, options, dialect, deps, new AbortController().signal);
  try {
    await api.probe();
  } finally {
    await api.destroy();
  }
}

/** How often, and for how long, an order is sent again, and a batch is asked about again. */
function patienceOf({ retriesMax, unreachableMs = BATCH_UNREACHABLE_MS_DEFAULT }: BatchApiOptions) {
  const polls = Math.ceil(unreachableMs / RETRY_BACKOFF.maxMs);
  return {
    order: { retriesMax, unreachableMs },
    watch: {
      ...{ retriesMax: Math.max(retriesMax, polls), unreachableMs },
      busyMs: Math.max(BUSY_MS_DEFAULT, unreachableMs),
    },
  };
}

/** Without a list nobody can say whether an order was taken. */
function ignoreUnlisted(error: unknown): undefined {
  if (error instanceof TryFailure) throw error;
}

/** A line that is cut off or garbled counts as missing: its request is asked again. */
function readLines(reply: HttpReply, { readResult }: BatchDialect, context: ReplyContext): Result[] {
  if (reply.status !== 200) throw statusError(reply, context);
  return jsonLines(reply.text).flatMap((line) => readResult(line) ?? []);
}

/** The values of the lines that are JSON. */
export function jsonLines(text: string): unknown[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

export function failedError({ label, apiKey }: ReplyContext, { id, why }: BatchJob): ScaleQuestError {
  const words = serverWords(why ?? 'no reason given', apiKey, 300);
  return new ScaleQuestError(
    'ERR_MODEL_REFUSED',
    `${label}: batch ${serverWords(id, apiKey, 100)} failed: ${words}`,
  );
}
