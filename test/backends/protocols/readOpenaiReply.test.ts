import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ReplyContext } from '../../../src/backends/server/readServerReply.js';
import {
  OPENAI_SPEAKS,
  isPlainReply,
  readReply,
  replySchema,
} from '../../../src/backends/protocols/readOpenaiReply.js';

/** As vLLM and OpenAI write them. */
const COMPLETION = {
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, text: 'It is 2.', logprobs: null, finish_reason: 'stop', stop_reason: null }],
  usage: { prompt_tokens: 4, total_tokens: 8, completion_tokens: 4, prompt_tokens_details: null },
};
const CHAT = {
  ...COMPLETION,
  choices: [{ index: 0, message: { role: 'assistant', content: 'It is 2.' }, finish_reason: 'stop' }],
};

/** A value of the right kind mostly, of any other now and then. */
function mostly<T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 8, arbitrary: usual },
    { weight: 1, arbitrary: fc.constantFrom(null, -1, 0.5, Infinity, '', 'x', true, [], {}, [[]]) },
  );
}

const someOf = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  mostly(fc.record(fields, { requiredKeys: [] }));

const choice = someOf({
  index: mostly(fc.nat(4)),
  finish_reason: mostly(fc.constantFrom('stop', 'length', null)),
  text: mostly(fc.string()),
  message: someOf({ content: mostly(fc.string()), role: fc.constant('assistant') }),
  logprobs: fc.constantFrom(null, { content: [] }),
});

const reply = someOf({
  choices: mostly(fc.array(choice, { maxLength: 3 })),
  usage: someOf({ prompt_tokens: mostly(fc.nat()), completion_tokens: mostly(fc.nat()) }),
});

/** Whether `value` has all that `part` has, and says the same there. */
function holds(value: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(value, part);
  return Object.entries(part).every(([key, inner]) => holds((value as Record<string, unknown>)[key], inner));
}

describe('readReply', () => {
  it('tells how much of the prompt the server had in its cache, where it says so, and never more than all of it', () => {
    const cachedOf = (details: unknown) => {
      const usage = { ...COMPLETION.usage, prompt_tokens_details: details };
      const text = JSON.stringify({ ...COMPLETION, usage });
      const context: ReplyContext = {
        ...{ label: 'model m', model: 'm', apiKeyEnv: undefined, apiKey: undefined },
        ...{ lastAnswer: { atMs: 1 }, speaks: OPENAI_SPEAKS, nowMs: () => 0 },
      };
      const reply = { status: 200, header: () => undefined, text };
      return readReply(reply, { n: 1, tokensMax: 9, stop: [] }, context).cachedTokens;
    };
    const said = [{ cached_tokens: 3 }, { cached_tokens: 50 }, { cached_tokens: 0 }];
    assert.deepEqual(said.map(cachedOf), [3, 4, 0]);
    for (const details of [null, undefined, {}, { cached_tokens: -1 }, { cached_tokens: '3' }, 7])
      assert.equal(cachedOf(details), undefined);
  });
});

describe('isPlainReply', () => {
  it('knows what servers send, so that the schema is hardly asked', () => {
    assert.ok(isPlainReply(COMPLETION));
    assert.ok(isPlainReply(CHAT));
  });

  it('accepts nothing that the schema refuses or would change', () => {
    let plain = 0;
    fc.assert(
      fc.property(reply, (value) => {
        if (!isPlainReply(value)) return;
        plain += 1;
        const parsed = replySchema.safeParse(value);
        assert.ok(parsed.success, JSON.stringify(value));
        assert.ok(holds(value, parsed.data), JSON.stringify(value));
        const kinds = [value, parsed.data].map(({ choices }) => choices.map((one) => 'text' in one));
        assert.deepEqual(kinds[0], kinds[1]);
      }),
      { numRuns: 5000 },
    );
    assert.ok(plain > 500, `${plain} of 5000 were plain`);
  });

  it('leaves to the schema what it does not know', () => {
    const [first] = COMPLETION.choices;
    const others = [null, 7, [], {}, { choices: {} }, { ...COMPLETION, choices: [] }];
    const wrong = [{ text: null }, { text: 7 }, { index: -1 }, { index: 0.5 }, { index: null }].map(
      (fields) => ({
        ...COMPLETION,
        choices: [{ ...first, ...fields }],
      }),
    );
    for (const value of [...others, ...wrong]) assert.equal(isPlainReply(value), false);
  });
});
