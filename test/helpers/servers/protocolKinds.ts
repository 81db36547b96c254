import type { Model } from '../../../src/backends/model.js';

/** A way to speak to servers: how its model is opened, a good reply, and what asks for one and gives what the reply said. */
export interface ProtocolKind {
  open: Record<string, unknown>;
  reply: unknown;
  ask: (model: Model) => Promise<readonly unknown[]>;
}

const TEXT = { prompt_tokens: 4, completion_tokens: 6 };
const MESSAGE = { kind: 'user', text: 'What is 2 + 3?' } as const;
const COMPLETE = { seq: 0, message: MESSAGE, n: 1, tokensMax: 64, temperature: 0.5, topP: 1, seed: 3 };
const ITEMS = [{ user: 'q', assistant: 'a' }];
const top = {
  content: [
    {
      top_logprobs: [
        { token: 'Yes', logprob: -0.1 },
        { token: 'No', logprob: -2.5 },
      ],
    },
  ],
};
const message = { role: 'assistant', content: [{ type: 'text', text: 'five' }], reasoning_content: 'hm' };

const score = (model: Model): Promise<number[]> => model.score({ seq: 0, items: ITEMS });
const complete = (model: Model): Promise<string[]> =>
  model.complete(COMPLETE).then((choices) => choices.map(({ text }) => text));

/** Each form of request that a model behind servers can send. */
export const PROTOCOL_KINDS: Record<string, ProtocolKind> = {
  completions: {
    open: { openai: { model: 'm' } },
    reply: { choices: [{ index: 0, text: 'five', finish_reason: 'stop' }], usage: TEXT },
    ask: complete,
  },
  chat: {
    open: { openai: { model: 'm', protocol: 'chat' } },
    reply: { choices: [{ index: 0, message, finish_reason: 'stop' }], usage: TEXT, error: null },
    ask: complete,
  },
  choose: {
    open: { openai: { model: 'm', protocol: 'chat' } },
    reply: { choices: [{ index: 0, message, logprobs: top, finish_reason: 'length' }], usage: TEXT },
    ask: (model) => model.choose({ seq: 0, message: MESSAGE, options: ['Yes', 'No'] }),
  },
  classify: {
    open: { classify: { model: 'm' }, template: 'qwen2-math' },
    reply: { data: [{ index: 0, label: 'r', probs: [0.5], num_classes: 1 }], usage: TEXT },
    ask: score,
  },
  sglang: {
    open: { classify: { model: 'm', server: 'sglang' }, template: 'qwen2-math' },
    reply: [{ embedding: [0.5], meta_info: { prompt_tokens: 4 } }],
    ask: score,
  },
  pooling: {
    open: { pooling: { model: 'm' } },
    reply: { data: [{ index: 0, data: [[0.25], [0.5]] }], usage: TEXT },
    ask: score,
  },
  scorePair: {
    open: { scorePair: { model: 'm' } },
    reply: { data: [{ index: 0, score: 0.5 }], usage: TEXT },
    ask: score,
  },
  tei: { open: { tei: { model: 'm' } }, reply: [[{ score: 0.5, label: 'r' }]], ask: score },
  rerank: { open: { tei: { model: 'm', input: 'rerank' } }, reply: [{ index: 0, score: 0.5 }], ask: score },
  anthropic: {
    open: { anthropic: { model: 'm', omitFields: [], extra: {} } },
    reply: {
      ...{ type: 'message', role: 'assistant', stop_reason: 'end_turn' },
      content: [{ type: 'text', text: 'five' }],
      usage: { input_tokens: 4, output_tokens: 6 },
    },
    ask: complete,
  },
  embeddings: {
    open: { embeddings: { model: 'm', encoding: 'float' } },
    reply: { data: [{ index: 0, embedding: [0.5, 0.25] }], usage: TEXT },
    ask: async (model) => (await model.embed({ seq: 0, texts: ['q'] })).flat(),
  },
};
