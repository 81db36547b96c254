import assert from 'node:assert/strict';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

/** A line of a file of requests. */
export interface Line {
  custom_id: string;
  url: string;
  body: { prompt: string; seed: number };
}

/** What a batch ends as: its status, and the lines of its two files. */
export interface End {
  status: string;
  output?: unknown[];
  error?: unknown[];
  errors?: unknown;
}

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** The batch API in a process; each batch is done at its second poll and ends as `end` says. */
export async function serveBatches(
  end: (lines: Line[], batch: number) => End | null,
  { orderMs = 0, lists = true }: { orderMs?: number; lists?: boolean } = {},
) {
  const files: string[] = [];
  const ended: (End | null)[] = [];
  const orders: Record<string, unknown>[] = [];
  const cancelled: string[] = [];
  const polls: number[] = [];
  function statusOf(at: number) {
    const one = polls[at]! >= 2 ? ended[at] : null;
    if (!one) return { id: `batch_${at}`, status: 'in_progress', ...orders[at] };
    const { status, output, error, errors } = one;
    return {
      ...{ id: `batch_${at}`, status, errors, ...orders[at] },
      ...{ output_file_id: output && `out_${at}`, error_file_id: error && `err_${at}` },
    };
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const body = await bodyOf(request);
    const [, part, id, last] = request.url!.replace('/v1', '').split('/');
    const send = (value: unknown) => response.end(JSON.stringify(value));
    const at = Number(id?.split('_')[1]);
    if (part === 'files' && request.method === 'POST') {
      assert.match(body, /name="purpose"\r\n\r\nbatch\r\n/);
      files.push(body.split('application/jsonl\r\n\r\n')[1]!.split('\r\n--')[0]!);
      return send({ id: `file_${files.length - 1}` });
    }
    if (part?.startsWith('batches?')) {
      if (!lists) return response.writeHead(404).end('{}');
      return send({ object: 'list', data: orders.map((_, order) => statusOf(order)).toReversed() });
    }
    if (part === 'batches' && !id) {
      await delay(orderMs);
      const order = JSON.parse(body) as Record<string, unknown>;
      const lines = files[Number(String(order['input_file_id']).split('_')[1])]!.split('\n');
      ended.push(
        end(
          lines.map((line) => JSON.parse(line) as Line),
          orders.push(order) - 1,
        ),
      );
      polls.push(0);
      return send(statusOf(orders.length - 1));
    }
    if (last === 'cancel') cancelled.push(id!);
    if (part === 'files' && id?.startsWith('file')) return response.end(files[at]);
    if (part === 'batches') {
      polls[at]! += 1;
      return send(statusOf(at));
    }
    const lines = id!.startsWith('out') ? ended[at]!.output! : ended[at]!.error!;
    return response.end(
      lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
    );
  }
  const server = createServer((request, response) => void answer(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, orders, cancelled, files, ended };
}

/** The line of a good reply. */
export function okLine({ custom_id, body }: Line): object {
  const text = `reply to ${/user\n(.*)<\|im_end\|>/.exec(body.prompt)![1]}`;
  const choices = [{ index: 0, text, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 3, completion_tokens: 2 };
  return { id: 'r', custom_id, response: { status_code: 200, body: { choices, usage } }, error: null };
}
