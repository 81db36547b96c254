import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  errorOf,
  isFiltered,
  isSpent,
  isTooLong,
  said,
  serverWords,
} from '../../../src/backends/server/serverError.js';

const FORMS: [why: string, value: unknown, message: string, status: number | undefined][] = [
  ['OpenAI', { error: { message: 'no', type: 'invalid_request_error', code: null } }, 'no', 400],
  ['a text', { error: 'out of memory' }, 'out of memory', undefined],
  [
    'older vLLM',
    { object: 'error', message: 'no', type: 'BadRequestError', param: null, code: 400 },
    'no',
    400,
  ],
  [
    'Gemini',
    [{ error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } }],
    'slow down',
    429,
  ],
  ['FastAPI', { detail: 'Not Found' }, 'Not Found', undefined],
  [
    'FastAPI, places',
    { detail: [{ loc: ['body', 'n'], msg: 'too large', type: 'x' }] },
    'body.n: too large',
    undefined,
  ],
  ['TGI', { error: 'Model is overloaded', error_type: 'overloaded' }, 'Model is overloaded', 503],
  [
    'Anthropic',
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    'Overloaded',
    503,
  ],
  [
    'a gateway',
    { choices: null, error: { message: 'Provider returned error', code: 429, metadata: { raw: 'wait' } } },
    'Provider returned error: wait',
    429,
  ],
  ['a number in a text', { error: { code: '503', message: 'busy' } }, 'busy', 503],
  ['a list', { errors: [{ message: 'a' }, { message: 'b' }] }, 'a; b', undefined],
  ['no words', { error: { reason: 7 } }, '{"reason":7}', undefined],
  [
    'a monthly limit at Anthropic',
    {
      error: {
        type: 'rate_limit_error',
        message: 'stop',
        details: { error_code: 'enforced_spend_limit_reached' },
      },
    },
    'stop',
    429,
  ],
  ['quota', { error: { code: 'insufficient_quota', message: 'pay' } }, 'pay', 402],
];

for (const [why, value, message, status] of FORMS) {
  test(`an error is read in the form of ${why}`, () => {
    const error = errorOf(value);
    assert.deepEqual([error?.message, error?.status], [message, status]);
  });
}

test('what says nothing of an error is none', () => {
  for (const value of [
    null,
    7,
    'x',
    [],
    {},
    { error: null },
    { error: '' },
    { error: {} },
    { data: [], error: false },
  ])
    assert.equal(errorOf(value), undefined, JSON.stringify(value));
});

test('any value is read, and deep or long ones cost little', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('error', 'detail', 'message', 'errors'), (value, key) => {
      const error = errorOf({ [key]: value });
      if (error) assert.ok(said(error, undefined).length <= 303);
    }),
  );
  let deep: unknown = 'x';
  for (let level = 0; level < 20_000; level++) deep = level % 2 ? { a: deep } : [deep];
  const before = process.cpuUsage();
  for (const value of [
    deep,
    { message: deep },
    [deep],
    [[deep]],
    [{ loc: [deep], msg: 'x' }],
    'y'.repeat(1e7),
  ]) {
    for (const key of ['error', 'detail', 'errors']) {
      const error = errorOf({ [key]: value })!;
      isTooLong(error);
      isSpent(error);
      isFiltered(error);
      assert.ok(said(error, 'a-long-key').length <= 303);
    }
  }
  assert.ok(process.cpuUsage(before).user < 1_000_000);
});

/** Own words in the manner of each server. */
const TOO_LONG = [
  'This model has a maximum context length of 4096 tokens. You asked for 5000.',
  'The input (61709 tokens) is longer than this context length (40960 tokens).',
  'Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens).',
  'the request exceeds the available context size, increase it',
  '`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1500 and 1000',
  '`inputs` must have less than 512 tokens. Given: 600',
  'Prompt contains 40000 tokens, too large for a model of 32768',
  'prompt is too long: 210000 tokens > 200000 maximum',
  'The input token count (1200000) exceeds the tokens allowed (1048576).',
  'too many tokens: the limit is exceeded by 100. Use shorter inputs.',
  'Range of input length should be [1, 30720]',
  'Your request exceeded model token limit: 8192',
  'The decoder prompt (length 5000) is longer than what max_model_len allows',
  'Please reduce the length of the messages or completion.',
  'Prompt length (5000) exceeds maximum input length (4096).',
  'Requested tokens (5000) exceed context window of 4096',
];
const OTHER = [
  "Unsupported parameter: 'max_tokens' is not supported with this model.",
  'max_tokens is too large: 100000. This model writes at most 4096 completion tokens.',
  'temperature must be at most 2',
  'n must be <= 1',
  'Invalid value for input: expected a string',
  'The model is not available to you',
  'seed must be less than 4294967296',
];

test('a prompt that is too long is told from other refusals by words and names of any server', () => {
  const tooLong = (message: string): boolean => isTooLong(errorOf({ error: { message } })!);
  for (const words of TOO_LONG) assert.ok(tooLong(words), words);
  for (const words of OTHER) assert.ok(!tooLong(words), words);
  for (const fields of [
    { code: 'context_length_exceeded' },
    { type: 'exceed_context_size_error' },
    { param: 'input_tokens' },
  ])
    assert.ok(isTooLong(errorOf({ error: { message: 'no', ...fields } })!));
});

test('a filter is told by the names that services give it', () => {
  assert.ok(isFiltered(errorOf({ error: { code: 'content_filter', message: 'no' } })!));
  assert.ok(
    isFiltered(errorOf({ error: { message: 'x', innererror: { code: 'ResponsibleAIPolicyViolation' } } })!),
  );
  assert.ok(isFiltered(errorOf({ error: { code: 'data_inspection_failed', message: 'no' } })!));
  assert.ok(!isFiltered(errorOf({ error: { code: 'invalid_request', message: 'bad n' } })!));
});

test('words of a server come in one line, without the key and without what a terminal obeys', () => {
  assert.equal(serverWords('a\u001b[2J\n sk-1234567890', 'sk-1234567890', 40), 'a\\u001b[2J [key]');
});

test('an account that is spent is told from a limit by the minute', () => {
  const spent = (error: object): boolean => isSpent(errorOf({ error })!);
  assert.ok(
    spent({
      type: 'rate_limit_error',
      message: 'no',
      details: { error_code: 'enforced_spend_limit_reached' },
    }),
  );
  assert.ok(
    spent({
      type: 'invalid_request_error',
      message: 'You have reached your specified API usage limits. You …',
    }),
  );
  assert.ok(
    spent({
      type: 'invalid_request_error',
      message: 'Your credit balance is too low to access the Anthropic API.',
    }),
  );
  assert.ok(spent({ code: 'billing_hard_limit_reached', message: 'no' }));
  assert.ok(spent({ type: 'exceeded_current_quota_error', message: 'no' }));
  assert.ok(
    !spent({
      type: 'rate_limit_error',
      message: 'This request would exceed your limit of 50 requests per minute',
    }),
  );
  assert.ok(
    !spent({
      status: 'RESOURCE_EXHAUSTED',
      message: 'You exceeded your current quota, please check your plan',
    }),
  );
});
