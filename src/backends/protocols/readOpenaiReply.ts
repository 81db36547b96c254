import { z } from 'zod';
import { RowError } from '../../errors.js';
import type { Choice } from '../model.js';
import type { HttpReply } from '../http/httpClient.js';
import { type ReplyContext, type Speaks, parseReply, rowLabel } from '../server/readServerReply.js';

export const OPENAI_SPEAKS: Speaks = {
  protocol: 'the OpenAI protocol',
  base: 'the base of its API, which mostly ends in /v1',
};

export interface Completion {
  choices: Choice[];
  promptTokens: number;
  completionTokens: number;
  /** What the first token of the first choice could have been, with natural-log probabilities. */
  topTokens: { token: string; logprob: number }[] | undefined;
}

/** `top_logprobs` of /completions as OpenAI and vLLM give it: for each token a record. */
const recordLogprobs = z.object({
  top_logprobs: z.array(z.record(z.string(), z.number().nullable()).nullable()),
});

/** `logprobs` of /chat/completions, and of llama.cpp's /completions. */
const listLogprobs = z.object({
  content: z.array(
    z.object({ top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number().nullable() })) }),
  ),
});

const choiceFields = {
  index: z.int().min(0).optional(),
  finish_reason: z.string().nullish(),
  logprobs: z.unknown().optional(),
};

export const replySchema = z.object({
  choices: z.array(
    z.union([
      z.object({ ...choiceFields, text: z.string() }),
      z.object({ ...choiceFields, message: z.object({ content: z.string().nullish() }) }),
    ]),
  ),
  usage: z
    .object({ prompt_tokens: z.number().default(0), completion_tokens: z.number().default(0) })
    .nullish()
    .catch(undefined),
});

type ReplyBody = z.output<typeof replySchema>;

/**
 * Whether a reply has the form that nearly all replies have. The schema would return such a reply as it is, but its check costs
 * a good part of what a request costs. The schema decides about every other reply.
 */
export function isPlainReply(value: unknown): value is ReplyBody {
  const { choices, usage } = (value ?? {}) as Record<string, unknown>;
  return Array.isArray(choices) && choices.every(isPlainChoice) && isPlainUsage(usage);
}

function isPlainChoice(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { index, finish_reason: finish, text, message } = value;
  if (index !== undefined && !(Number.isSafeInteger(index) && (index as number) >= 0)) return false;
  if (finish != null && typeof finish !== 'string') return false;
  if (text !== undefined) return typeof text === 'string';
  return isObject(message) && (message.content == null || typeof message.content === 'string');
}

function isPlainUsage(value: unknown): boolean {
  return isObject(value) && Number.isFinite(value.prompt_tokens) && Number.isFinite(value.completion_tokens);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the choices of a reply to /completions or /chat/completions, as OpenAI, vLLM, SGLang and llama.cpp write it: in the
 * order of their `index`, without the stop strings. Throws what any other reply means: a TryFailure, a RowError, or a
 * ScaleQuestError that ends the run.
 */
export function readReply(
  reply: HttpReply,
  asked: { n: number; tokensMax: number; stop: readonly string[] },
  context: ReplyContext,
): Completion {
  const { choices: items, usage } = parseReply(reply, replySchema, 'choices', context, isPlainReply);
  if (items.length < asked.n) {
    throw new RowError(
      'ROW_FEWER_CHOICES',
      `${rowLabel(context)} returned ${items.length} of ${asked.n} choices; if it does so for every row, it ignores \`n\`: ` +
        'set choicesPerRequestMax: 1',
    );
  }
  const ordered = items.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)).slice(0, asked.n);
  const texts = ordered.map((item) => ('text' in item ? item.text : (item.message.content ?? '')));
  const charsAll = texts.reduce((sum, text) => sum + text.length, 0);
  const completionTokens = usage?.completion_tokens ?? 0;
  const choices = ordered.map((item, at): Choice => {
    // Servers count the tokens of all choices together; their texts' lengths share them out.
    const share = charsAll > 0 ? texts[at]!.length / charsAll : 1 / texts.length;
    const tokens = Math.round(completionTokens * share);
    const { text, cut } = cutAtStop(texts[at]!, asked.stop);
    return { text, finish: cut ? 'stop' : finishOf(item.finish_reason, tokens, asked.tokensMax), tokens };
  });
  return {
    choices,
    promptTokens: usage?.prompt_tokens ?? 0,
    completionTokens,
    topTokens: topTokens(ordered[0]?.logprobs),
  };
}

/** Most servers leave the stop string out. The others must not leak markers into rows. */
function cutAtStop(text: string, stop: readonly string[]): { text: string; cut: boolean } {
  const at = stop
    .map((marker) => text.indexOf(marker))
    .reduce((first, index) => (index >= 0 && index < first ? index : first), text.length);
  return { text: text.slice(0, at), cut: at < text.length };
}

/** `stop` only for a text that the model ended itself: one that a filter or an abort cut off is not whole either. */
function finishOf(reason: string | null | undefined, tokens: number, tokensMax: number): Choice['finish'] {
  if (reason == null) return tokens >= tokensMax ? 'length' : 'stop';
  return ['stop', 'eos', 'eos_token', 'stop_sequence', 'end_turn'].includes(reason) ? 'stop' : 'length';
}

function topTokens(logprobs: unknown): Completion['topTokens'] {
  // This is the usual case, and a parse that fails costs time.
  if (logprobs == null) return undefined;
  const list = listLogprobs.safeParse(logprobs);
  if (list.success) return list.data.content[0]?.top_logprobs.map(withoutNull);
  const record = recordLogprobs.safeParse(logprobs);
  const first = record.success ? record.data.top_logprobs[0] : undefined;
  return first ? Object.entries(first).map(([token, logprob]) => withoutNull({ token, logprob })) : undefined;
}

/** JSON has no -Infinity; servers write null for it. */
function withoutNull({ token, logprob }: { token: string; logprob: number | null }): {
  token: string;
  logprob: number;
} {
  return { token, logprob: logprob ?? -Infinity };
}

/**
 * The probability of each option as the first token of the reply. We do not know how the server's tokeniser cuts an option:
 * `Yes` may be one token, or `Y` and `es`. So we take the likeliest token that begins this option and no other. Spaces before a
 * token do not count. An option that no top token begins has probability 0.
 */
export function optionProbabilities(
  options: readonly string[],
  tokens: readonly { token: string; logprob: number }[],
): number[] {
  const byText = new Map<string, number>();
  for (const { token, logprob } of tokens) {
    const text = token.trimStart();
    if (text !== '') byText.set(text, (byText.get(text) ?? 0) + Math.exp(Math.min(0, logprob)));
  }
  const raw = options.map(() => 0);
  for (const [text, probability] of byText) {
    const begun = options.flatMap((option, at) => (option.startsWith(text) ? [at] : []));
    // `1` is the first of `1` as well as of `10`: an option that the token spells in full has it.
    const owner = begun.length === 1 ? begun[0]! : options.indexOf(text);
    if (owner >= 0) raw[owner] = Math.max(raw[owner]!, probability);
  }
  const sum = raw.reduce((a, b) => a + b, 0);
  return sum > 1 ? raw.map((probability) => probability / sum) : raw;
}
