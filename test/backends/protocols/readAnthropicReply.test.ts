import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAnthropicReply } from '../../../src/backends/protocols/readAnthropicReply.js';
import { ANTHROPIC_SPEAKS } from '../../../src/backends/protocols/readAnthropicReply.js';
import type { ReplyContext } from '../../../src/backends/server/readServerReply.js';

const CONTEXT: ReplyContext = {
  ...{ label: 'model m (n at u)', model: 'n', apiKeyEnv: undefined, apiKey: undefined },
  ...{ lastAnswer: { atMs: 1 }, speaks: ANTHROPIC_SPEAKS, nowMs: () => 0 },
};

function read(body: object) {
  const reply = { status: 200, header: () => undefined, text: JSON.stringify(body) };
  return readAnthropicReply(reply, { tokensMax: 4, prefill: '' }, CONTEXT);
}

describe('readAnthropicReply', () => {
  it('loses a reply of thinking alone, or of a tool call, with its reason', () => {
    const thought = { type: 'thinking', thinking: 'hm', signature: '' };
    const { choice } = read({ content: [thought], stop_reason: 'end_turn' });
    assert.deepEqual([choice.finish, choice.reason], ['reasoning', 'content']);
    const call = { type: 'tool_use', id: 't', name: 'f', input: {} };
    assert.equal(read({ content: [call], stop_reason: 'end_turn' }).choice.finish, 'toolCall');
  });

  it('notes counts that are none, and blocks that are no text', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'server_tool_use', id: 's', name: 'w', input: {} },
    ];
    const usage = { input_tokens: -3, output_tokens: 1e308 };
    const { notes, promptTokens, completionTokens } = read({ content, stop_reason: 'end_turn', usage });
    assert.deepEqual([promptTokens, completionTokens, notes?.length], [0, 0, 3]);
  });

  it('takes a reply without a reason for cut only where it is as long as was asked for', () => {
    const usage = { output_tokens: 4 };
    const content = [{ type: 'text', text: 'a' }];
    assert.equal(read({ content, stop_reason: null, usage }).choice.finish, 'length');
    assert.equal(read({ content, stop_reason: null }).choice.finish, 'stop');
  });

  it('counts cached tokens among those of the prompt, and apart', () => {
    const usage = {
      input_tokens: 3,
      cache_read_input_tokens: 7,
      cache_creation_input_tokens: 5,
      output_tokens: 2,
    };
    const { promptTokens, cachedTokens } = read({ content: [{ type: 'text', text: 'a' }], usage });
    assert.deepEqual([promptTokens, cachedTokens], [15, 7]);
  });

  it('counts tokens of thought apart, where the service does', () => {
    const content = [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'a' },
    ];
    const usage = { input_tokens: 3, output_tokens: 9, output_tokens_details: { thinking_tokens: 7 } };
    const { reasoningTokens, choice } = read({ content, usage });
    assert.deepEqual([reasoningTokens, choice.reasoningTokens], [7, 7]);
    const none = read({ content, usage: { ...usage, output_tokens_details: { thinking_tokens: 0 } } });
    assert.ok(!('reasoningTokens' in none) && !('reasoningTokens' in none.choice));
  });

  it('asks again for what is no message', () => {
    for (const body of [{}, { content: 'text' }, { content: [{ text: 'a' }] }, { choices: [] }])
      assert.throws(() => read(body), { name: 'TryFailure', kind: 'reply' });
  });
});
