import { z } from 'zod';
import type { HttpReply } from '../http/httpClient.js';
import { OPENAI_SPEAKS } from '../protocols/readOpenaiReply.js';
import { type ReplyContext, parseReply } from '../server/readServerReply.js';
import {
  type BatchDialect,
  type BatchJob,
  type BatchRequest,
  type BatchService,
  jsonLines,
} from './batchApi.js';

/**
 * OpenAI's batch API (guide "Batch"; types of openai-python: types/batch.py).
 *
 * A file of lines `{ custom_id, method, url, body }` goes to POST /files (a form: purpose `batch`, file); POST /batches takes
 * `{ input_file_id, endpoint, completion_window: "24h", metadata }`; GET /batches/ID tells its `status`, and when it is over
 * `output_file_id` and `error_file_id`; GET /files/ID/content gives lines `{ custom_id, response: { status_code, body } | null,
 * error: { code, message } | null }` in any order. POST /batches/ID/cancel cancels; GET /batches lists, the newest first.
 */
export const openaiBatches: BatchDialect = {
  speaks: OPENAI_SPEAKS,
  idPrefix: '',
  listPath: '/batches?limit=100',
  pathOf: (batchId) => `/batches/${encodeURIComponent(batchId)}`,
  readBatch: (reply, context) => jobOf(readListed(reply, context)),
  readResult(line) {
    const { success, data } = lineSchema.safeParse(line);
    if (!success) return undefined;
    const { custom_id: id, response, error } = data;
    if (response) return { id, kind: 'reply', status: response.status_code, body: response.body };
    if (error?.code === 'batch_expired') return { id, kind: 'expired' };
    return { id, kind: 'lost', words: error?.message ?? undefined };
  },
  open: (service) => ({
    submit: (requests, path) => submit(service, requests, path),
    earlier: () => earlierBatches(service),
  }),
};

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

type Listed = z.output<typeof batchSchema>;

const listSchema = z.object({ data: z.array(batchSchema) });

const lineSchema = z.object({
  custom_id: z.string(),
  response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

const OVER = ['completed', 'failed', 'expired', 'cancelled'] as const;
const BOUNDARY = 'scalequest-batch-7041f3a2';

/** Marks our batches among others of the account. The number must change when the way of making ids changes. */
const MARK = { scalequest: 'batch-1' };

function readListed(reply: HttpReply, context: ReplyContext): Listed {
  return parseReply(reply, batchSchema, 'id and status', context);
}

function jobOf({ id, status, output_file_id, error_file_id, errors }: Listed): BatchJob {
  return {
    id,
    state: OVER.find((over) => over === status) ?? 'running',
    why: errors?.data?.[0]?.message ?? undefined,
    resultPaths: [error_file_id, output_file_id].flatMap((file) => (file ? [contentOf(file)] : [])),
  };
}

async function submit(
  { http, context, signal, ask, order, listed }: BatchService,
  requests: readonly BatchRequest[],
  path: string,
): Promise<BatchJob> {
  const url = `/v1${path}`;
  const type = `multipart/form-data; boundary=${BOUNDARY}`;
  const file = await ask(
    () => http.postAs('/files', type, formOf(requests, url)),
    (reply) => parseReply(reply, z.object({ id: z.string().min(1) }), 'id', context),
  );
  signal.throwIfAborted();
  const metadata = { ...MARK, model: context.model.slice(0, 512) };
  const body = { input_file_id: file.id, endpoint: url, completion_window: '24h', metadata };
  return order(
    () => http.post('/batches', body),
    (reply) => jobOf(readListed(reply, context)),
    async () => {
      const { data } = parseReply(await listed(), listSchema, 'data', context);
      const placed = data.find(({ input_file_id }) => input_file_id === file.id);
      return placed && jobOf(placed);
    },
  );
}

/** Reads the newest batch first. If a request is in several batches, the newest one's reply counts. Never rejects. */
async function earlierBatches(service: BatchService): Promise<Map<string, BatchJob>> {
  const found = new Map<string, BatchJob>();
  for (const batch of await ourBatches(service).catch(() => [])) {
    if (!batch.input_file_id) continue;
    const file = await service.http.get(contentOf(batch.input_file_id), service.timeoutMs).catch(() => null);
    if (file?.status !== 200) continue;
    const job = jobOf(batch);
    for (const line of jsonLines(file.text)) {
      const { success, data } = lineSchema.safeParse(line);
      if (success && !found.has(data.custom_id)) found.set(data.custom_id, job);
    }
  }
  return found;
}

async function ourBatches({ context, listed }: BatchService): Promise<Listed[]> {
  const { data } = parseReply(await listed(), listSchema, 'data', context);
  return data.filter(
    ({ status, metadata }) =>
      status !== 'failed' &&
      metadata?.['scalequest'] === MARK.scalequest &&
      metadata['model'] === context.model,
  );
}

function contentOf(fileId: string): string {
  return `/files/${encodeURIComponent(fileId)}/content`;
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
