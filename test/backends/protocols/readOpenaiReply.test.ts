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

function read(body: object, n = 1) {
  const context: ReplyContext = {
    ...{ label: 'model m', model: 'm', apiKeyEnv: undefined, apiKey: undefined },
    ...{ lastAnswer: { atMs: 1 }, speaks: OPENAI_SPEAKS, nowMs: () => 0 },
  };
  const answer = { status: 200, header: () => undefined, text: JSON.stringify(body) };
  return readReply(answer, { n, tokensMax: 9, stop: [] }, context);
}

/** Chat replies with a thought, as servers write it. */
const thinking = (message: object, index = 0) => ({
  ...{ index, message: { role: 'assistant', ...message }, finish_reason: 'stop' },
});

describe('readReply', () => {
  it('keeps a thought apart from the answer, in whichever field a server gives it', () => {
    for (const message of [
      { content: '4', reasoning_content: '2 + 2' },
      { content: '4', reasoning: '2 + 2' },
      { content: '4', reasoning: null, reasoning_details: [{ type: 'reasoning.text', text: '2 + 2' }] },
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: '2 + 2' }] }, '4'] },
    ]) {
      const [choice] = read({ choices: [thinking(message)] }).choices;
      assert.deepEqual([choice!.text, choice!.reasoning, choice!.finish], ['4', '2 + 2', 'stop']);
    }
  });

  it('counts the tokens of thoughts apart, where a server does, and shares them out', () => {
    const choices = [
      thinking({ content: 'ab', reasoning: 'abcdef' }),
      thinking({ content: 'ab', reasoning: 'ab' }, 1),
    ];
    const usage = { prompt_tokens: 4, completion_tokens: 24 };
    const details = { completion_tokens_details: { reasoning_tokens: 16 } };
    for (const said of [details, { reasoning_tokens: 16 }]) {
      const reply = read({ choices, usage: { ...usage, ...said } }, 2);
      assert.equal(reply.reasoningTokens, 16);
      assert.deepEqual(
        reply.choices.map(({ tokens, reasoningTokens }) => [tokens, reasoningTokens]),
        [
          [16, 12],
          [8, 4],
        ],
      );
    }
    // A service that hides its thoughts still counts them; never more than all.
    const hidden = read({
      choices: [thinking({ content: 'ab' })],
      usage: { ...usage, reasoning_tokens: 90 },
    });
    assert.deepEqual([hidden.reasoningTokens, hidden.choices[0]!.reasoningTokens], [24, 24]);
    for (const said of [
      {},
      { reasoning_tokens: 0 },
      { reasoning_tokens: 'x' },
      { completion_tokens_details: 7 },
    ]) {
      const reply = read({ choices, usage: { ...usage, ...said } }, 2);
      assert.ok(!('reasoningTokens' in reply) && !('reasoningTokens' in reply.choices[0]!));
    }
  });

  it('tells how much of the prompt the server had in its cache, where it says so, and never more than all of it', () => {
    const cachedOf = (details: unknown) => {
      const usage = { ...COMPLETION.usage, prompt_tokens_details: details };
      return read({ ...COMPLETION, usage }).cachedTokens;
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
