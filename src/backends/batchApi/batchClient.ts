import { createHash } from 'node:crypto';
import { RowError, ScaleQuestError } from '../../errors.js';
import {
  type BatchJob,
  type BatchApi,
  type BatchApiOptions,
  type BatchDialect,
  type Result,
  createBatchApi,
  failedError,
} from './batchApi.js';
import { type GatherOptions, createGatherer } from './gatherer.js';
import { type Allowance, promptTokensMax } from '../allowance.js';
import type { HttpReply } from '../http/httpClient.js';
import { BATCH_CLOSE_MS } from '../limits.js';
import { TryFailure } from '../http/tryFailure.js';
import type { About, ServerClient, ServerDeps } from '../server/serverClient.js';
import type { Usage } from '../server/tally.js';
import { serverWords } from '../server/serverError.js';
import { createTally } from '../server/tally.js';
import { statusError, type ReplyContext } from '../server/readServerReply.js';

/**
 * Requests in batches, which a service answers within a day. A request's id is a hash of what it asks, so that a later run finds
 * the replies that an aborted one has ordered, and pays for none of them again.
 */
export interface BatchOptions extends BatchApiOptions, GatherOptions {}

/** One request, until it is settled. */
interface Call {
  seq: number;
  /** Unique among the open calls. */
  id: string;
  /** JSON. */
  body: string;
  /** How many batches it was in. */
  tries: number;
  /** Settles the call by a reply; throws a TryFailure where another batch may help. */
  answer(reply: HttpReply): void;
  reject(error: unknown): void;
}

/** Throws ERR_MODEL_LOAD if the key's variable is not set. Uses the first of `replicas`. */
export function createBatchClient(
  name: string,
  options: BatchOptions,
  dialect: BatchDialect,
  deps: ServerDeps,
): ServerClient {
  const { clock } = deps;
  const { retriesMax } = options;
  const closing = new AbortController();
  const tally = createTally();
  const { counts, notes } = tally;
  const api = createBatchApi(name, options, dialect, deps, closing.signal);
  const { label } = api.context;
  const open = new Map<string, Call>();
  const orders = new Set<Promise<unknown>>();
  const batches = new Set<string>();
  let earlier: Promise<Map<string, BatchJob>> | null = null;
  const give = (calls: readonly Call[], path: string): void => void dispatch(calls, path);
  const gatherer = createGatherer(options, clock, closing.signal, give);

  function send<T extends Usage>(
    seq: number,
    path: string,
    body: unknown,
    read: (reply: HttpReply, context: ReplyContext) => T,
    { step }: About = {},
  ): Promise<T> {
    if (closing.signal.aborted) return Promise.reject(closing.signal.reason);
    counts.requests++;
    return new Promise<T>((resolve, reject) => {
      const text = JSON.stringify(body);
      const id = freeId(open, api.idPrefix, path, text);
      const call: Call = {
        ...{ seq, id, body: text, tries: 0 },
        answer(reply) {
          const value = read(reply, api.context);
          tally.answered(value, step);
          open.delete(id);
          resolve(value);
        },
        reject(error) {
          if (!open.delete(id)) return;
          if (!closing.signal.aborted) counts.failures++;
          reject(error);
        },
      };
      open.set(id, call);
      gatherer.add(call, path);
    });
  }

  /** Waits for what an earlier run has ordered; orders the rest in a new batch. Never rejects. */
  async function dispatch(calls: readonly Call[], path: string): Promise<void> {
    const { found, fresh } = splitByOrder(calls, await (earlier ??= api.earlier()));
    for (const [batch, theirs] of found) void takeOver(batch, theirs, path);
    if (fresh.length > 0) await runBatch(fresh, path);
  }

  async function takeOver(batch: BatchJob, calls: readonly Call[], path: string): Promise<void> {
    const { results } = await api.follow(batch).catch(() => ({ results: new Map<string, Result>() }));
    for (const call of calls) {
      const result = results.get(call.id);
      if (closing.signal.aborted) call.reject(closing.signal.reason);
      else if (result?.kind === 'reply' && result.status === 200) settle(call, result, batch, path);
      else gatherer.add(call, path);
    }
  }

  /** Takes one batch from its order to its last call. Never rejects. */
  async function runBatch(calls: readonly Call[], path: string): Promise<void> {
    try {
      closing.signal.throwIfAborted();
      const order = api.submit(calls, path).then((batch) => {
        batches.add(batch.id);
        return batch;
      });
      orders.add(order);
      const ordered = await order.finally(() => orders.delete(order));
      const { batch, results } = await api.follow(ordered);
      batches.delete(ordered.id);
      if (batch.state === 'failed') throw failedError(api.context, batch);
      if (!tally.hasAnswered()) throwWholeRefusal(calls, results, api.context);
      for (const call of calls) settle(call, results.get(call.id), batch, path);
    } catch (error) {
      for (const call of calls) call.reject(runError(error));
    }
  }

  function settle(call: Call, result: Result | undefined, batch: BatchJob, path: string): void {
    try {
      if (result?.kind === 'reply') return call.answer(replyOf(result));
      throw lostError(api.context, result, batch);
    } catch (error) {
      if (!(error instanceof TryFailure)) return call.reject(error);
      call.tries++;
      if (call.tries > retriesMax) return call.reject(triedError(error, call.tries));
      counts.retries++;
      gatherer.add(call, path);
    }
  }

  return {
    label,
    send: deps.allowance ? withinAllowance(deps.allowance, send) : send,
    stats() {
      const queued = gatherer.count();
      const now = { inFlight: open.size - queued, queued, memoryPeakBytes: 0, ...api.trouble() };
      return { ...counts, ...now, ...notes.stats(), ...tally.uses.stats() };
    },
    async close() {
      if (closing.signal.aborted) return;
      const error = new ScaleQuestError('ERR_CANCELLED', `${label} was closed before the call ended`);
      closing.abort(error);
      for (const call of [...open.values()]) call.reject(error);
      await Promise.race([cancelAll(orders, batches, api), clock.sleep(BATCH_CLOSE_MS)]);
      await api.destroy();
    },
  };
}

/** Orders nothing that a budget does not hold. A request of a batch that is given up may have been run. */
function withinAllowance(allowance: Allowance, send: ServerClient['send']): ServerClient['send'] {
  return async (seq, path, body, read, about = {}) => {
    const bytes = Buffer.byteLength(JSON.stringify(body));
    const worst = { promptTokens: promptTokensMax(bytes), completionTokens: about.tokensMax ?? 0 };
    const settle = await allowance.admit(worst);
    try {
      const answer = await send(seq, path, body, read, about);
      settle(answer);
      return answer;
    } catch (error) {
      settle('unknown');
      throw error;
    }
  };
}

/** Waits for orders that are in flight too: their batches would run, and cost money, without anybody to wait for them. */
async function cancelAll(
  orders: Iterable<Promise<unknown>>,
  batches: Iterable<string>,
  api: BatchApi,
): Promise<void> {
  await Promise.allSettled(orders);
  await Promise.allSettled([...batches].map((id) => api.cancel(id)));
}

/** Groups calls by the batch that an earlier run has ordered for them. Each order is used once: what it lacks is ordered anew. */
function splitByOrder(
  calls: readonly Call[],
  ordered: Map<string, BatchJob>,
): { found: Map<BatchJob, Call[]>; fresh: Call[] } {
  const found = new Map<BatchJob, Call[]>();
  const fresh: Call[] = [];
  for (const call of calls) {
    const batch = ordered.get(call.id);
    ordered.delete(call.id);
    if (batch) found.set(batch, [...(found.get(batch) ?? []), call]);
    else fresh.push(call);
  }
  return { found, fresh };
}

/** Equal requests that are open at once differ by a number. */
function freeId(open: ReadonlyMap<string, unknown>, prefix: string, path: string, body: string): string {
  const first = prefix + createHash('sha256').update(`${path}\n${body}`).digest('hex').slice(0, 40);
  let id = first;
  for (let number = 1; open.has(id); number++) id = `${first}-${number}`;
  return id;
}

/**
 * Where a first batch is refused request by request, always in the same words, it is what all requests have in common that the service
 * does not take, and no row's fault: throws ERR_MODEL_REFUSED.
 */
function throwWholeRefusal(
  calls: readonly Call[],
  results: ReadonlyMap<string, Result>,
  context: ReplyContext,
): void {
  const refusals = new Set<string>();
  for (const { id } of calls) {
    const result = results.get(id);
    if (result?.kind !== 'reply' || result.status === 200) return;
    const error = statusError(replyOf(result), context);
    if (!(error instanceof RowError) || error.code !== 'ROW_REFUSED') return;
    refusals.add(error.message);
  }
  const [words] = refusals;
  if (calls.length < 2 || refusals.size !== 1) return;
  const message = `${context.label}: every request of the first batch was refused: ${words}`;
  throw new ScaleQuestError('ERR_MODEL_REFUSED', message);
}

/** Says why a finished batch has no reply to a request. */
function lostError(
  { label, apiKey }: ReplyContext,
  result: Exclude<Result, { kind: 'reply' }> | undefined,
  { id: batchId, state }: BatchJob,
): Error {
  const id = serverWords(batchId, apiKey, 100);
  if (state === 'cancelled' || result?.kind === 'cancelled') {
    return new ScaleQuestError('ERR_MODEL_REFUSED', `${label}: batch ${id} was cancelled by another`);
  }
  if (result?.kind === 'expired' || (!result && state === 'expired')) {
    return new TryFailure('timeout', `${label}: batch ${id} expired before its request was run`);
  }
  const why = result?.words
    ? serverWords(result.words, apiKey, 300)
    : `its request is missing from the results of batch ${id}`;
  return new TryFailure('server', `${label}: ${why}`);
}

function triedError({ code, kind, message }: TryFailure, tries: number): RowError {
  const usual = kind === 'timeout' ? 'ROW_TIMEOUT' : 'ROW_SERVER_ERROR';
  return new RowError(code ?? usual, `${message}, in ${tries} batches`, { mayDiffer: true });
}

/** An error of a whole batch is not the fault of one row. */
function runError(error: unknown): unknown {
  if (!(error instanceof RowError)) return error;
  const isRefused = error.code === 'ROW_REFUSED' || error.code === 'ROW_PROMPT_TOO_LONG';
  return new ScaleQuestError(isRefused ? 'ERR_MODEL_REFUSED' : 'ERR_MODEL_UNREACHABLE', error.message);
}

function replyOf({ status, body }: { status: number; body: unknown }): HttpReply {
  return { status, header: () => undefined, text: JSON.stringify(body ?? null) };
}
