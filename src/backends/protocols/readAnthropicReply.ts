import { z } from 'zod';
import type { Choice } from '../model.js';
import type { HttpReply } from '../http/httpClient.js';
import { type ReplyContext, type Speaks, parseReply } from '../server/readServerReply.js';
import type { Usage } from '../server/tally.js';
import { tokenCount, usageNotes } from '../server/tokenCount.js';
import { readMessage } from './messageContent.js';
import { choiceOf } from './readOpenaiReply.js';

/** The version of the API that this was written for; the service asks for one with each request. */
const VERSION = '2023-06-01';

export const ANTHROPIC_SPEAKS: Speaks = {
  protocol: 'Anthropic’s Messages API',
  base: 'the base of its API, as https://api.anthropic.com',
  besideV1: true,
  headersOf: (apiKey) => ({
    'anthropic-version': VERSION,
    ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
  }),
};

/** Cached tokens are counted apart from `input_tokens`. */
const INPUT_FIELDS = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'] as const;

const replySchema = z.object({
  content: z.array(z.looseObject({ type: z.string() })),
  stop_reason: z.string().nullish(),
  usage: z.unknown().optional(),
});

/**
 * Reads a reply of POST /v1/messages (types of anthropic-sdk-typescript 0.120.0: resources/messages/messages.ts): blocks of
 * `text`, `thinking` and others, a `stop_reason` (finishReason.ts knows them all), and usage. Throws what any other reply means.
 */
export function readAnthropicReply(
  reply: HttpReply,
  { tokensMax, prefill }: { tokensMax: number; prefill: string },
  context: ReplyContext,
): Usage & { choice: Choice } {
  const { content, stop_reason, usage } = parseReply(reply, replySchema, 'content', context);
  const said = (usage ?? {}) as Record<string, unknown>;
  const completionTokens = tokenCount(said['output_tokens']) ?? 0;
  const notes = usageNotes(usage, [...INPUT_FIELDS, 'output_tokens']);
  const calls = content.filter(({ type }) => type === 'tool_use');
  const message = readMessage({ content: content.filter(({ type }) => type !== 'tool_use') })!;
  const item = { finish_reason: stop_reason ?? null, message: { tool_calls: calls } };
  const asked = { tokensMax, stop: [] };
  const choice = choiceOf(item, message, completionTokens, asked, context, notes);
  const details = (said['output_tokens_details'] ?? {}) as { thinking_tokens?: unknown };
  const reasoningTokens = Math.min(tokenCount(details.thinking_tokens) ?? 0, completionTokens);
  const counted = reasoningTokens > 0 ? { reasoningTokens } : {};
  return {
    choice: { ...choice, text: prefill + choice.text, ...counted },
    promptTokens: INPUT_FIELDS.reduce((sum, field) => sum + (tokenCount(said[field]) ?? 0), 0),
    completionTokens,
    ...counted,
    cachedTokens: tokenCount(said['cache_read_input_tokens']),
    ...(notes.length > 0 ? { notes } : {}),
  };
}
