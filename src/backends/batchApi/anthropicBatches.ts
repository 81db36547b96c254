import { z } from 'zod';
import type { HttpReply } from '../http/httpClient.js';
import { BATCH_CLOCKS_MS, DATE_MS } from '../limits.js';
import { ANTHROPIC_SPEAKS } from '../protocols/readAnthropicReply.js';
import { parseReply } from '../server/readServerReply.js';
import { serverWords } from '../server/serverError.js';
import type { BatchDialect, BatchJob, BatchRequest, BatchService, Result } from './batchApi.js';

/**
 * Anthropic's Message Batches API (types of anthropic-sdk-typescript 0.120.0: resources/messages/batches.ts; guide "Batch
 * processing": 100,000 requests or 256 MB a batch, results for 29 days).
 *
 * POST /v1/messages/batches takes `{ requests: [{ custom_id, params }] }`; GET …/batches/ID tells its `processing_status`
 * (in_progress, canceling, ended) and `request_counts`; GET …/batches/ID/results gives lines `{ custom_id, result }` in any
 * order, where a result is `{ type: "succeeded", message }`, `{ type: "errored", error }`, `canceled` or `expired`.
 * POST …/batches/ID/cancel cancels; GET …/batches lists, the newest first.
 *
 * A batch carries no mark of who ordered it, and its requests cannot be read back: only its results show whose it is, once it has
 * ended. So a client waits for the batches that ran when it began.
 */
export const anthropicBatches: BatchDialect = {
  speaks: ANTHROPIC_SPEAKS,
  // At most 64 letters, digits, - and _. The number must change when the way of making ids changes.
  idPrefix: 'scalequest-1-',
  listPath: '/v1/messages/batches?limit=100',
  pathOf,
  readBatch: (reply, context) => jobOf(parseReply(reply, batchSchema, PARTS, context)),
  readResult,
  open: (service) => createOrders(service),
};

const PATH = '/v1/messages/batches';
const PARTS = 'id and processing_status';

/** A path of our own: an address from a reply would be sent the key. */
function pathOf(batchId: string): string {
  return `${PATH}/${encodeURIComponent(batchId)}`;
}

const count = z.int().min(0).optional().catch(undefined);

const batchSchema = z.object({
  id: z.string().min(1),
  processing_status: z.string(),
  created_at: z.string().nullish(),
  archived_at: z.string().nullish(),
  request_counts: z
    .object({ processing: count, succeeded: count, errored: count, canceled: count, expired: count })
    .nullish()
    .catch(undefined),
});

type Listed = z.output<typeof batchSchema>;

const listSchema = z.object({ data: z.array(batchSchema) });

const lineSchema = z.object({
  custom_id: z.string(),
  result: z.object({ type: z.string(), message: z.unknown().optional(), error: z.unknown().optional() }),
});

const errorSchema = z.object({ error: z.object({ type: z.string(), message: z.string().optional() }) });

/** The status that an error has outside of a batch (types: resources/shared.ts; guide "Errors"). */
const STATUS_OF: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

/** Results of a kind that is not known count as missing. */
function readResult(line: unknown): Result | undefined {
  const { success, data } = lineSchema.safeParse(line);
  if (!success) return undefined;
  const { custom_id: id, result } = data;
  if (result.type === 'succeeded') return { id, kind: 'reply', status: 200, body: result.message };
  if (result.type === 'expired') return { id, kind: 'expired' };
  if (result.type === 'canceled') return { id, kind: 'cancelled' };
  if (result.type !== 'errored') return undefined;
  // The types wrap the error twice.
  const error = errorSchema.safeParse(result.error).data;
  const status = error && STATUS_OF.get(error.error.type);
  if (status === undefined) return { id, kind: 'lost', words: error?.error.message };
  return { id, kind: 'reply', status, body: error };
}

function jobOf({ id, processing_status, archived_at, request_counts }: Listed): BatchJob {
  const isOver = processing_status === 'ended';
  return {
    id,
    state: isOver ? 'completed' : 'running',
    resultPaths: isOver && !archived_at ? [`${pathOf(id)}/results`] : [],
    resultCount: isOver && request_counts ? total(request_counts) : undefined,
  };
}

function total(counts: NonNullable<Listed['request_counts']>): number {
  return Object.values(counts).reduce<number>((sum, each) => sum + (each ?? 0), 0);
}

function createOrders(service: BatchService): ReturnType<BatchDialect['open']> {
  const { http, context, clock, order } = service;
  const startedMs = clock.nowMs();
  const ours = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();

  /** A running batch with as many requests that is nobody's: if it is a stranger's after all, its results lack all ids. */
  async function placed(requests: readonly BatchRequest[], sentMs: number): Promise<BatchJob | undefined> {
    const { batches, skewMs } = await listedBatches(service);
    const found = batches.find(
      (batch) =>
        !ours.has(batch.id) &&
        createdMs(batch) - skewMs >= sentMs - BATCH_CLOCKS_MS &&
        total(batch.request_counts ?? {}) === requests.length,
    );
    return found && jobOf(found);
  }

  async function send(requests: readonly BatchRequest[]): Promise<BatchJob> {
    service.signal.throwIfAborted();
    const sentMs = clock.nowMs();
    const job = await order(
      () => http.postAs(PATH, 'application/json', bodyOf(requests)),
      (reply) => anthropicBatches.readBatch(reply, context),
      () => placed(requests, sentMs),
    );
    ours.add(job.id);
    return job;
  }

  return {
    // One after the other: two orders that are sent again must not take each other's batch for their own.
    submit(requests) {
      const sending = last.then(() => send(requests));
      last = sending.catch(() => undefined);
      return sending;
    },
    earlier: () => earlierBatches(service, startedMs, ours),
  };
}

/** `skewMs`: by how much the service's clock is ahead of ours. */
async function listedBatches({ listed, context, clock }: BatchService) {
  const reply = await listed();
  const { data } = parseReply(reply, listSchema, 'data', context);
  return { batches: data, skewMs: skewOf(reply, clock.nowMs()) };
}

function skewOf(reply: HttpReply, nowMs: number): number {
  const dateMs = Date.parse(reply.header('date') ?? '');
  return Number.isNaN(dateMs) ? 0 : dateMs - nowMs;
}

/** 1970 where the service does not say it. */
function createdMs({ created_at }: Listed): number {
  const ms = Date.parse(created_at ?? '');
  return Number.isNaN(ms) ? 0 : ms;
}

/**
 * Reads the newest batch first. If a request was answered in several batches, the newest one's reply counts; one that was not
 * answered is ordered again. Never rejects.
 */
async function earlierBatches(
  service: BatchService,
  startedMs: number,
  ours: ReadonlySet<string>,
): Promise<Map<string, BatchJob>> {
  const { waitForRunning, waitFor } = service;
  const found = new Map<string, BatchJob>();
  const nothing = { batches: [], skewMs: 0 };
  const { batches, skewMs } = await listedBatches(service).catch(() => nothing);
  const before = batches.filter(
    (batch) => !ours.has(batch.id) && createdMs(batch) - skewMs < startedMs + DATE_MS,
  );
  const running = before.filter((batch) => jobOf(batch).state === 'running');
  if (waitForRunning && running.length > 0) waitFor(waitText(service, running));
  for (const batch of before) {
    const job = jobOf(batch);
    if (job.state === 'running' && !waitForRunning) continue;
    const isEmpty = job.state !== 'running' && batch.request_counts?.succeeded === 0;
    const answers = isEmpty ? { job, ids: [] } : await answeredIn(service, job);
    for (const id of answers.ids) if (!found.has(id)) found.set(id, answers.job);
  }
  waitFor(undefined);
  return found;
}

/** Our requests that a batch has answered; none where it cannot be read. Waits for one that runs. */
async function answeredIn({ follow }: BatchService, job: BatchJob): Promise<BatchAnswers> {
  try {
    const { batch, results } = await follow(job);
    return { job: batch, ids: [...results.values()].filter(isAnswerOfOurs).map(({ id }) => id) };
  } catch {
    return { job, ids: [] };
  }
}

interface BatchAnswers {
  job: BatchJob;
  ids: string[];
}

function isAnswerOfOurs(result: Result): boolean {
  const { id, kind } = result;
  return id.startsWith(anthropicBatches.idPrefix) && kind === 'reply' && result.status === 200;
}

function waitText({ context }: BatchService, running: readonly Listed[]): string {
  const { label, apiKey } = context;
  const ids = running.slice(0, 3).map(({ id }) => serverWords(id, apiKey, 100));
  const more = running.length > 3 ? ` and ${running.length - 3} more` : '';
  return (
    `${label}: ${ids.join(', ')}${more} ran before this run and may hold its requests; ` +
    'set waitForRunning: false if others use the workspace too'
  );
}

function bodyOf(requests: readonly BatchRequest[]): string {
  const items = requests.map(({ id, body }) => `{"custom_id":${JSON.stringify(id)},"params":${body}}`);
  return `{"requests":[${items.join(',')}]}`;
}
