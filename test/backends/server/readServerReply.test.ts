import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { HttpReply } from '../../../src/backends/http/httpClient.js';
import { TryFailure } from '../../../src/backends/http/tryFailure.js';
import {
  type ReplyContext,
  parseReply,
  rowLabel,
  statusError,
} from '../../../src/backends/server/readServerReply.js';
import { ScaleQuestError } from '../../../src/errors.js';

const KEY = 'sk-reply-0123456789';

const CONTEXT: ReplyContext = {
  ...{
    label: 'model m (n at u)',
    model: 'n',
    apiKeyEnv: 'KEY',
    apiKey: KEY,
    lastAnswer: { atMs: undefined },
  },
  ...{
    speaks: { protocol: 'the test protocol', base: 'its root' },
    nowMs: () => Date.parse('2026-11-21T10:00:00Z'),
  },
};
const ANSWERED: ReplyContext = { ...CONTEXT, lastAnswer: { atMs: 1 } };

function replyOf(status: number, body: unknown, headers: Record<string, string> = {}): HttpReply {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, text, header: (name) => headers[name] };
}

/** `code` of an error of ours, or the kind of a failure that another try may mend. */
function meaningOf(error: unknown): string {
  if (error instanceof TryFailure) return error.kind;
  assert.ok(error instanceof ScaleQuestError, String(error));
  return error.code;
}

const schema = z.object({ data: z.array(z.number().nullable()) });

function parsed(reply: HttpReply, context = CONTEXT): unknown {
  return parseReply(reply, schema, 'data', context);
}

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  return assert.fail('expected an error');
}

describe('statusError', () => {
  it('tells what each status means', () => {
    const tooLong = { error: { code: 'context_length_exceeded', message: 'too long' } };
    const cases: [number, unknown, string][] = [
      [301, '', 'ERR_MODEL_REFUSED'],
      [401, {}, 'ERR_MODEL_REFUSED'],
      [403, {}, 'ERR_MODEL_REFUSED'],
      [404, {}, 'ERR_MODEL_REFUSED'],
      [405, {}, 'ERR_MODEL_REFUSED'],
      [429, {}, 'busy'],
      [503, {}, 'busy'],
      [429, { error: { code: 'insufficient_quota' } }, 'ERR_MODEL_REFUSED'],
      [429, { error: { details: { error_code: 'enforced_spend_limit_reached' } } }, 'ERR_MODEL_REFUSED'],
      [400, { error: { message: 'You have reached your specified API usage limits.' } }, 'ERR_MODEL_REFUSED'],
      [400, { error: { message: 'Your credit balance is too low to access the API.' } }, 'ERR_MODEL_REFUSED'],
      [408, {}, 'timeout'],
      [409, {}, 'server'],
      [424, {}, 'server'],
      [500, {}, 'server'],
      [502, '<html>', 'server'],
      [413, '', 'ROW_PROMPT_TOO_LONG'],
      [400, tooLong, 'ROW_PROMPT_TOO_LONG'],
      [400, { error: { type: 'exceed_context_size_error' } }, 'ROW_PROMPT_TOO_LONG'],
      [400, { error: { param: 'input_tokens' } }, 'ROW_PROMPT_TOO_LONG'],
      [400, { error: { message: 'no' } }, 'ROW_REFUSED'],
      [422, { detail: 'no' }, 'ROW_REFUSED'],
      [204, '', 'reply'],
    ];
    for (const [status, body, meaning] of cases) {
      assert.equal(
        meaningOf(statusError(replyOf(status, body), CONTEXT)),
        meaning,
        `${status} ${JSON.stringify(body)}`,
      );
    }
  });

  it('tells a proxy and a firewall from a server that wants a key', () => {
    const said = (status: number, body: unknown): string => {
      const error = statusError(replyOf(status, body), CONTEXT);
      assert.equal(meaningOf(error), 'ERR_MODEL_REFUSED');
      return error.message;
    };
    const page = '<!DOCTYPE html><html><body>Forbidden</body></html>';
    assert.match(said(407, page), /a proxy on the way wants a login/);
    assert.match(said(511, page), /a proxy on the way wants a login/);
    assert.match(said(403, page), /403 with a web page: a gateway or firewall before the server/);
    assert.match(said(403, {}), /key/);
    assert.match(said(405, page), /answered 405 with a web page; the url must be/);
  });

  it('honours Retry-After in seconds and as a date', () => {
    for (const [value, ms] of [
      ['3', 3000],
      ['Sat, 21 Nov 2026 10:00:05 GMT', 5000],
    ] as const) {
      const error = statusError(replyOf(503, {}, { 'retry-after': value }), CONTEXT);
      assert.equal((error as TryFailure).retryAfterMs, ms);
    }
  });

  it('quotes the server in one short line, without the key, and not at all about a key', () => {
    const said = (status: number, message: string): string =>
      statusError(replyOf(status, { error: { message } }), CONTEXT).message;
    assert.equal(said(500, `bad\n  ${KEY} here`), 'model m (n at u) answered 500: bad [key] here');
    assert.ok(said(500, 'x'.repeat(1000)).length < 340);
    assert.ok(!said(401, 'quoted').includes('quoted'));
  });

  it('names the model and not the server in what loses a row', () => {
    assert.equal(rowLabel(CONTEXT), 'the server of n');
    assert.match(
      statusError(replyOf(400, { message: 'no' }), CONTEXT).message,
      /^the server of n answered 400: no$/,
    );
  });
});

describe('parseReply', () => {
  it('names a compression that is not read, as a mistake of the first reply and a fault of a later one', () => {
    const reply = { ...replyOf(200, ''), unreadCoding: 'zstd\u001b[2J' };
    const first = thrownBy(() => parsed(reply, { ...CONTEXT, lastAnswer: { atMs: undefined } }));
    assert.equal(meaningOf(first), 'ERR_MODEL_PROTOCOL');
    assert.match(first.message, /compressed by zstd.*gateway before it, not compress/);
    assert.doesNotMatch(first.message, /\u001b/);
    assert.equal(meaningOf(thrownBy(() => parsed(reply, { ...CONTEXT, lastAnswer: { atMs: 1 } }))), 'reply');
  });

  it('reads JSON by the schema, with NaN and Infinity as Python writes them', () => {
    assert.deepEqual(parsed(replyOf(200, { data: [1] })), { data: [1] });
    assert.deepEqual(parsed(replyOf(200, '{"data": [NaN, -Infinity, 2], "text": "NaN"}')), {
      data: [null, null, 2],
    });
  });

  it('lets a cheap check go before the schema', () => {
    const value = { data: [1], more: 'kept' };
    const isPlain = (found: unknown): found is z.output<typeof schema> => found !== null;
    assert.deepEqual(parseReply(replyOf(200, value), schema, 'data', CONTEXT, isPlain), value);
  });

  it('takes a strange reply for a wrong url before any good one, and for one broken reply after', () => {
    for (const [text, headers] of [
      ['<!doctype html>', {}],
      ['hello', { 'content-type': 'text/html' }],
      ['data: {}', { 'content-type': 'text/event-stream' }],
      ['{"other": 1}', {}],
    ] as const) {
      assert.equal(
        meaningOf(thrownBy(() => parsed(replyOf(200, text, headers)))),
        'ERR_MODEL_PROTOCOL',
        text,
      );
      assert.equal(meaningOf(thrownBy(() => parsed(replyOf(200, text, headers), ANSWERED))), 'reply', text);
    }
    const { message } = thrownBy(() => parsed(replyOf(200, '<p>')));
    assert.match(
      message,
      /sent a web page, expected a reply of the test protocol; the url must be its root$/,
    );
  });

  it('takes cut JSON for a broken reply, and a failure in a status of 200 for a failure', () => {
    assert.equal(meaningOf(thrownBy(() => parsed(replyOf(200, '{"data": [1')))), 'reply');
    const wrapped = thrownBy(() => parsed(replyOf(200, { error: { message: 'out of memory' } })));
    assert.equal(meaningOf(wrapped), 'server');
    assert.match(wrapped.message, /failed: out of memory$/);
  });
});
