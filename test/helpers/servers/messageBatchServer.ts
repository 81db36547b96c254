import { type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { servePages } from './pageServer.js';

/** A request of a batch. */
export interface Item {
  custom_id: string;
  params: { model: string; max_tokens: number; messages: { role: string; content: string }[] };
}

/** A batch as the server keeps it. */
export interface Kept {
  id: string;
  items: Item[];
  createdMs: number;
  polls: number;
  /** Lines of results; null while it runs. Text is sent as it is. */
  lines: (object | string)[] | null;
  isCancelled: boolean;
  /** How often its results were read. */
  reads: number;
}

export interface MessageBatchOptions {
  /** Gives the lines that a batch ends with at its second poll; null lets it run on. */
  end: (items: Item[], batch: number) => (object | string)[] | null;
  /** Called first with each request. Whether it has answered, or will never. */
  fault?: (request: IncomingMessage, response: ServerResponse, batches: Kept[]) => boolean;
  /** The text of the results, as it is sent. */
  sent?: (text: string, batch: Kept) => string;
  /** What its clock says. */
  nowMs?: () => number;
}

export const KEY = 'sk-ant-test-4711';

const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/** Anthropic's Message Batches API in a process, for order, time and faults; it is no model. */
export async function serveMessageBatches(
  t: TestContext,
  { end, fault, sent = (text) => text, nowMs = Date.now }: MessageBatchOptions,
) {
  const batches: Kept[] = [];
  const asked: string[] = [];

  function create(body: string, response: ServerResponse): void {
    const { requests: items } = JSON.parse(body) as { requests: Item[] };
    const ids = items.map(({ custom_id }) => custom_id);
    const isValid = ids.every((id) => CUSTOM_ID.test(id)) && new Set(ids).size === ids.length;
    if (!isValid) return refuse(response, 400, 'invalid_request_error', 'requests: custom_id');
    const id = `msgbatch_${batches.length}`;
    const created = { id, items, createdMs: nowMs() };
    const batch = { ...created, polls: 0, lines: null, isCancelled: false, reads: 0 };
    batches.push(batch);
    send(response, stateOf(batch));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('date', new Date(nowMs()).toUTCString());
    if (fault?.(request, response, batches)) return;
    const isKey = request.headers['x-api-key'] === KEY;
    if (!isKey || request.headers['anthropic-version'] !== '2023-06-01')
      return refuse(response, 401, 'authentication_error', `invalid x-api-key`);
    const [path, id, last] = pathOf(request.url!);
    if (path === 'list') return send(response, { data: batches.map(stateOf).toReversed(), has_more: false });
    if (path === 'create' && request.method === 'POST') return create(body, response);
    const at = batches.findIndex((each) => each.id === id);
    const batch = batches[at];
    if (!batch) return refuse(response, 404, 'not_found_error', 'no such batch');
    if (last === 'cancel') batch.isCancelled = true;
    else if (last === 'results') {
      batch.reads += 1;
      return void response.end(sent(textOf(batch.lines ?? []), batch));
    } else if (++batch.polls >= 2) batch.lines ??= end(batch.items, at);
    return send(response, stateOf(batch));
  }

  const url = await servePages(t, answer);
  return { url, batches, asked };
}

function pathOf(url: string): [string, string?, string?] {
  const [, id, last] = /^\/v1\/messages\/batches(?:\/([^/?]+)(?:\/(\w+))?)?(?:\?.*)?$/.exec(url) ?? [];
  if (id === undefined) return [url.includes('?') ? 'list' : 'create'];
  return ['one', id, last];
}

function stateOf({ id, items, createdMs, lines, isCancelled }: Kept): object {
  const running = isCancelled ? 'canceling' : 'in_progress';
  const kinds = (lines ?? []).map((line) => (line as { result?: { type: string } }).result?.type);
  const count = (kind: string): number => kinds.filter((each) => each === kind).length;
  const named = { succeeded: count('succeeded'), errored: count('errored'), expired: count('expired') };
  return {
    ...{ id, type: 'message_batch', processing_status: lines ? 'ended' : running },
    ...{ created_at: new Date(createdMs).toISOString(), archived_at: null },
    request_counts: { processing: lines ? 0 : items.length, ...named, canceled: count('canceled') },
    results_url: lines ? `https://elsewhere.example/v1/messages/batches/${id}/results` : null,
  };
}

function textOf(lines: readonly (object | string)[]): string {
  return lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

/** An error in Anthropic's form. */
export function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response.statusCode = status;
  send(response, errorOf(type, message));
}

export function errorOf(type: string, message: string): object {
  return { type: 'error', error: { type, message }, request_id: null };
}

/** The line of a good reply. */
export function succeeded({ custom_id, params }: Item): object {
  const content = [{ type: 'text', text: `reply to ${params.messages[0]!.content}` }];
  const usage = { input_tokens: 3, output_tokens: 2 };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content,
    stop_reason: 'end_turn',
    usage,
  };
  return { custom_id, result: { type: 'succeeded', message } };
}

export function errored({ custom_id }: Item, type: string, message: string): object {
  return { custom_id, result: { type: 'errored', error: errorOf(type, message) } };
}
