import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { OPENAI_SPEAKS } from '../protocols/readOpenaiReply.js';
import { type HttpReply, type HttpClient, createHttpClient } from '../http/httpClient.js';
import { BATCH_CONNECTIONS_MAX, BATCH_LIST_TIMEOUT_MS, BATCH_UNREACHABLE_MS_DEFAULT } from '../limits.js';
import { type LastAnswer, withRetry } from '../http/retryPolicy.js';
import { keyHeaders, readApiKey } from '../server/apiKey.js';
import type { ServerDeps } from '../server/serverClient.js';
import type { ServerOptions } from '../server/serverOptions.js';
import { serverWords } from '../server/serverError.js';
import { type ReplyContext, parseReply, statusError } from '../server/readServerReply.js';

/**
 * OpenAI's batch API, call by call (guide "Batch"; types of openai-python: types/batch.py).
 *
 * A file of lines `{ custom_id, method, url, body }` goes to POST /files (a form: purpose `batch`, file); POST /batches takes
 * `{ input_file_id, endpoint, completion_window: "24h", metadata }`; GET /batches/ID tells its `status`, and when it is over
 * `output_file_id` and `error_file_id`; GET /files/ID/content gives lines `{ custom_id, response: { status_code, body } | null,
 * error: { code, message } | null }` in any order. POST /batches/ID/cancel cancels; GET /batches lists, the newest first.
 */

export interface BatchApiOptions extends Omit<ServerOptions, 'requestsInFlightMax'> {
  pollMs: number;
}

const batchSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  endpoint: z.string().nullish(),
  input_file_id: z.string().nullish(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  errors: z
    .object({ data: z.array(z.object({ message: z.string().nullish() })).nullish() })
    .nullish()
    .catch(undefined),
});

export type BatchJob = z.output<typeof batchSchema>;

const lineSchema = z.object({
  custom_id: z.string(),
  response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

export type Line = z.output<typeof lineSchema>;

/** One request of a file. Its reply is found again by `id`, in this process or a later one; `body` is JSON. */
export interface BatchRequest {
  id: string;
  body: string;
}

export interface BatchApi {
  context: ReplyContext;
  /** Uploads a file and orders its batch. Once `signal` is aborted it orders nothing, because nobody would wait for it. */
  submit(requests: readonly BatchRequest[], path: string): Promise<BatchJob>;
  /** Waits until a batch is over, and gives the lines of its two files by their ids. */
  follow(batch: BatchJob): Promise<{ batch: BatchJob; lines: Map<string, Line> }>;
  /** The latest batches that this framework ordered for this model, by the ids of the requests in them. Never rejects. */
  earlier(): Promise<Map<string, BatchJob>>;
  /** Asks for the list of batches. That shows a wrong key, path or protocol without an order. */
  probe(): Promise<void>;
  cancel(id: string): Promise<unknown>;
  destroy(): Promise<void>;
}

const probeSchema = z.object({ data: z.array(z.unknown()) });

const OVER = ['completed', 'failed', 'expired', 'cancelled'];
const BOUNDARY = 'scalequest-batch-7041f3a2';
const LIST = '/batches?limit=100';

/** Marks our batches among others of the account. The number must change when the way of making ids changes. */
const MARK = { scalequest: 'batch-1' };

/** Throws ERR_MODEL_LOAD if the key's variable is not set. Uses the first of `replicas`. */
export function createBatchApi(
  name: string,
  options: BatchApiOptions,
  { env, clock, random }: ServerDeps,
  signal: AbortSignal,
): BatchApi {
  const { model, apiKeyEnv, timeoutMs, retriesMax, pollMs } = options;
  const { unreachableMs = BATCH_UNREACHABLE_MS_DEFAULT } = options;
  const url = options.replicas[0]!;
  const label = `model ${name} (${model} at ${url})`;
  const apiKey = readApiKey(name, apiKeyEnv, env);
  const lastAnswer: LastAnswer = { atMs: undefined };
  const http = createHttpClient({
    ...{ url, headers: keyHeaders(apiKey), connections: BATCH_CONNECTIONS_MAX },
    ...{ timeoutMs, label, lastAnswer, clock },
  });
  const context: ReplyContext = {
    ...{ label, model, apiKeyEnv, apiKey, lastAnswer, speaks: OPENAI_SPEAKS, nowMs: clock.nowMs },
  };

  function ask<T>(send: () => Promise<HttpReply>, read: (reply: HttpReply) => T): Promise<T> {
    const retry = { retriesMax, unreachableMs, lastAnswer, clock, random, signal };
    return withRetry(() => send().then(read), retry);
  }

  function askBatch(send: () => Promise<HttpReply>): Promise<BatchJob> {
    return ask(send, (reply) => parseReply(reply, batchSchema, 'id and status', context));
  }

  async function submit(requests: readonly BatchRequest[], path: string): Promise<BatchJob> {
    const url = `/v1${path}`;
    const type = `multipart/form-data; boundary=${BOUNDARY}`;
    const file = await ask(
      () => http.postAs('/files', type, formOf(requests, url)),
      (reply) => parseReply(reply, z.object({ id: z.string().min(1) }), 'id', context),
    );
    signal.throwIfAborted();
    const metadata = { ...MARK, model: model.slice(0, 512) };
    const order = { input_file_id: file.id, endpoint: url, completion_window: '24h', metadata };
    return askBatch(() => http.post('/batches', order));
  }

  async function follow(ordered: BatchJob): Promise<{ batch: BatchJob; lines: Map<string, Line> }> {
    let batch = ordered;
    while (!OVER.includes(batch.status)) {
      await clock.sleep(pollMs, signal);
      batch = await askBatch(() => http.get(`/batches/${encodeURIComponent(batch.id)}`, timeoutMs));
    }
    const read = (id: string | null | undefined): Promise<Line[]> =>
      id
        ? ask(
            () => http.get(contentOf(id), timeoutMs),
            (reply) => linesOf(reply, context),
          )
        : Promise.resolve([]);
    const found = [...(await read(batch.error_file_id)), ...(await read(batch.output_file_id))];
    return { batch, lines: new Map(found.map((line) => [line.custom_id, line])) };
  }

  const listed = (): Promise<HttpReply> => http.get(LIST, Math.min(timeoutMs, BATCH_LIST_TIMEOUT_MS));
  return {
    ...{ context, submit, follow },
    earlier: () => earlierBatches(http, context, timeoutMs).catch(() => new Map()),
    probe: () => ask(listed, (reply) => void parseReply(reply, probeSchema, 'data', context)),
    cancel: (id) => http.post(`/batches/${encodeURIComponent(id)}/cancel`, {}),
    destroy: () => http.destroy(),
  };
}

/** Reads the newest batch first. If a request is in several batches, the newest one's reply counts. */
async function earlierBatches(
  http: HttpClient,
  context: ReplyContext,
  timeoutMs: number,
): Promise<Map<string, BatchJob>> {
  const reply = await http.get(LIST, Math.min(timeoutMs, BATCH_LIST_TIMEOUT_MS));
  const { data } = parseReply(reply, z.object({ data: z.array(batchSchema) }), 'data', context);
  const ours = data.filter(
    ({ status, metadata }) =>
      status !== 'failed' &&
      metadata?.['scalequest'] === MARK.scalequest &&
      metadata['model'] === context.model,
  );
  const found = new Map<string, BatchJob>();
  for (const batch of ours) {
    if (!batch.input_file_id) continue;
    const file = await http.get(contentOf(batch.input_file_id), timeoutMs).catch(() => null);
    if (file?.status !== 200) continue;
    for (const { custom_id } of linesOf(file, context))
      if (!found.has(custom_id)) found.set(custom_id, batch);
  }
  return found;
}

function contentOf(fileId: string): string {
  return `/files/${encodeURIComponent(fileId)}/content`;
}

/** A line that is cut off or garbled counts as missing: its request is asked again. */
function linesOf(reply: HttpReply, context: ReplyContext): Line[] {
  if (reply.status !== 200) throw statusError(reply, context);
  return reply.text.split('\n').flatMap((line) => {
    const parsed = lineSchema.safeParse(lineValue(line));
    return parsed.success ? [parsed.data] : [];
  });
}

function lineValue(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export function failedError({ label, apiKey }: ReplyContext, { id, errors }: BatchJob): ScaleQuestError {
  const why = serverWords(errors?.data?.[0]?.message ?? 'no reason given', apiKey, 300);
  return new ScaleQuestError(
    'ERR_MODEL_REFUSED',
    `${label}: batch ${serverWords(id, apiKey, 100)} failed: ${why}`,
  );
}

/** multipart/form-data (RFC 7578). */
function formOf(requests: readonly BatchRequest[], url: string): string {
  const lines = requests.map(
    ({ id, body }) =>
      `{"custom_id":${JSON.stringify(id)},"method":"POST","url":${JSON.stringify(url)},"body":${body}}`,
  );
  return [
    `--${BOUNDARY}`,
    'Content-Disposition: form-data; name="purpose"',
    '',
    'batch',
    `--${BOUNDARY}`,
    'Content-Disposition: form-data; name="file"; filename="requests.jsonl"',
    'Content-Type: application/jsonl',
    '',
    lines.join('\n'),
    `--${BOUNDARY}--`,
    '',
  ].join('\r\n');
}
