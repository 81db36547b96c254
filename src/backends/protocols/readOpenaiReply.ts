import { z } from 'zod';
import { RowError } from '../../errors.js';
import { isWellFormed } from '../../text/wellFormed.js';
import type { Choice } from '../model.js';
import type { HttpReply } from '../http/httpClient.js';
import { TryFailure } from '../http/tryFailure.js';
import { type ReplyContext, type Speaks, parseReply, rowLabel } from '../server/readServerReply.js';
import { serverWords } from '../server/serverError.js';
import { tokenCount, usageNotes } from '../server/tokenCount.js';
import { FINISHES, finishKind, finishText } from './finishReason.js';
import { type MessageContent, readMessage } from './messageContent.js';

export const OPENAI_SPEAKS: Speaks = {
  protocol: 'the OpenAI protocol',
  base: 'the base of its API, which mostly ends in /v1',
};

export interface Completion {
  choices: Choice[];
  promptTokens: number;
  completionTokens: number;
  /** Of the prompt’s, those that the server had in its cache; undefined where it does not say. */
  cachedTokens?: number | undefined;
  /** Of the completion’s, those of thoughts; undefined where the server does not say, or there are none. */
  reasoningTokens?: number | undefined;
  /** What the first token of the first choice could have been, with natural-log probabilities. */
  topTokens: { token: string; logprob: number }[] | undefined;
  /** What was not known here, and how it was read. */
  notes?: readonly string[];
}

const choiceSchema = z
  .looseObject({ index: z.int().min(0).nullish() })
  .refine((choice) => readContent(choice) !== undefined, 'expected a text, or a message with content');

export const replySchema = z.object({ choices: z.array(choiceSchema), usage: z.unknown().optional() });

/** A choice whose content `readContent` can read. */
interface RawChoice {
  index?: number | null | undefined;
  finish_reason?: unknown;
  stop_reason?: unknown;
  logprobs?: unknown;
}

interface ReplyBody {
  choices: RawChoice[];
  usage?: unknown;
}

/**
 * Whether a reply has the form that nearly all replies have. The schema would return such a reply as it is, but its check costs
 * a good part of what a request costs. The schema decides about every other reply.
 */
export function isPlainReply(value: unknown): value is ReplyBody {
  const { choices } = (value ?? {}) as Record<string, unknown>;
  return Array.isArray(choices) && choices.length > 0 && choices.every(isPlainChoice);
}

function isPlainChoice(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { index, text, message } = value;
  if (index !== undefined && !(Number.isSafeInteger(index) && (index as number) >= 0)) return false;
  if (text !== undefined) return typeof text === 'string';
  return isObject(message) && (message.content == null || typeof message.content === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a choice of /completions (`text`) or /chat/completions (`message`) holds; undefined if it is neither. */
function readContent(choice: object): MessageContent | undefined {
  const { text, message } = choice as Record<string, unknown>;
  if (typeof text !== 'string' && isObject(message)) return readMessage(message);
  return text === undefined ? undefined : readMessage({ content: text });
}

/**
 * Reads the choices of a reply to /completions or /chat/completions, as OpenAI, vLLM, SGLang, llama.cpp and many gateways write
 * it: in the order of their `index`, without the stop strings. Throws what any other reply means: a TryFailure, a RowError, or
 * a ScaleQuestError that ends the run.
 */
export function readReply(
  reply: HttpReply,
  asked: { n: number; tokensMax: number; stop: readonly string[] },
  context: ReplyContext,
): Completion {
  const { choices: items, usage } = parseReply<z.ZodType<ReplyBody>>(
    reply,
    replySchema,
    'choices',
    context,
    isPlainReply,
  );
  if (items.length < asked.n) {
    const advice =
      items.length > 0 ? '; if it does so for every row, it ignores `n`: set choicesPerRequestMax: 1' : '';
    throw new RowError(
      'ROW_FEWER_CHOICES',
      `${rowLabel(context)} returned ${items.length} of ${asked.n} choices${advice}`,
      { mayDiffer: true },
    );
  }
  const ordered = items.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)).slice(0, asked.n);
  const contents = ordered.map((item) => readContent(item)!);
  const charsAll = contents.reduce((sum, content) => sum + charsOf(content), 0);
  const thoughtCharsAll = contents.reduce((sum, { reasoning }) => sum + reasoning.length, 0);
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = isObject(usage) ? usage : {};
  const tokensAll = tokenCount(completionTokens) ?? 0;
  const reasoningAll = reasoningIn(usage, tokensAll);
  const notes = usageNotes(usage, ['prompt_tokens', 'completion_tokens']);
  const choices = ordered.map((item, at): Choice => {
    const content = contents[at]!;
    // Servers count the tokens of all choices together; their texts' lengths share them out.
    const equal = 1 / contents.length;
    const tokens = Math.round(tokensAll * (charsAll > 0 ? charsOf(content) / charsAll : equal));
    const choice = choiceOf(item, content, tokens, asked, context, notes);
    if (reasoningAll === undefined) return choice;
    // A service that hides its thoughts still counts them.
    const thought = thoughtCharsAll > 0 ? content.reasoning.length / thoughtCharsAll : equal;
    return { ...choice, reasoningTokens: Math.round(reasoningAll * thought) };
  });
  return {
    choices,
    promptTokens: tokenCount(promptTokens) ?? 0,
    completionTokens: tokensAll,
    ...cachedIn(usage, tokenCount(promptTokens) ?? 0),
    ...(reasoningAll !== undefined && { reasoningTokens: reasoningAll }),
    topTokens: topTokens(ordered[0]?.logprobs),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** OpenAI, vLLM and others say it in a part of its own; no more than all of the prompt. */
function cachedIn(usage: unknown, promptTokens: number): Pick<Completion, 'cachedTokens'> {
  const details = isObject(usage) ? usage['prompt_tokens_details'] : undefined;
  const cached = isObject(details) ? tokenCount(details['cached_tokens']) : undefined;
  return cached === undefined ? {} : { cachedTokens: Math.min(cached, promptTokens) };
}

/** OpenAI, vLLM, OpenRouter and others say it in a part of its own, SGLang beside the others. No more than all. */
function reasoningIn(usage: unknown, completionTokens: number): number | undefined {
  if (!isObject(usage)) return undefined;
  const details = usage['completion_tokens_details'];
  const said = (isObject(details) ? details['reasoning_tokens'] : undefined) ?? usage['reasoning_tokens'];
  const tokens = Math.min(tokenCount(said) ?? 0, completionTokens);
  return tokens > 0 ? tokens : undefined;
}

function charsOf({ text, reasoning }: MessageContent): number {
  return text.length + reasoning.length;
}

/** Adds to `notes` what was not known here. Throws a TryFailure for a reply that the server itself broke off. */
export function choiceOf(
  item: RawChoice,
  content: MessageContent,
  tokens: number,
  asked: { tokensMax: number; stop: readonly string[] },
  context: ReplyContext,
  notes: string[],
): Choice {
  const { text, cut } = cutAtStop(content.text, asked.stop);
  const { reasoning, others } = content;
  for (const type of others)
    notes.push(
      `a part "${serverWords(type, context.apiKey, 60)}" of a message is no text, so it was left out`,
    );
  const found: Pick<Choice, 'finish' | 'reason'> = cut
    ? { finish: 'stop' }
    : finishOf(item, tokens, asked.tokensMax, context, notes);
  const { finish, ...more } = found;
  const whole = finish === 'length' ? text.replace(/[\ud800-\udbff]$/, '') : text;
  if (!isWellFormed(whole) || !isWellFormed(reasoning)) throw halfCharacter(context);
  const choice: Choice = { text: whole, finish, tokens, ...more, ...(reasoning === '' ? {} : { reasoning }) };
  if (choice.finish === 'stop' && text.trim() === '') {
    if (isCall(item)) return { ...choice, finish: 'toolCall', reason: 'tool_calls' };
    if (isRefusal(item)) return { ...choice, text: refusalOf(item), finish: 'filter', reason: 'refusal' };
    if (reasoning.trim() !== '') return { ...choice, finish: 'reasoning', reason: content.reasoningField };
  }
  return choice;
}

/** A text that is cut off by its token limit may end in half a character; any other half has been broken on the way. */
function halfCharacter({ label }: ReplyContext): TryFailure {
  return new TryFailure(
    'reply',
    `${label} sent half a surrogate pair (such as \\ud83d alone), which is no character and has no form in UTF-8`,
  );
}

function finishOf(
  item: RawChoice,
  tokens: number,
  tokensMax: number,
  context: ReplyContext,
  notes: string[],
): Pick<Choice, 'finish' | 'reason'> {
  const said = finishText(item.finish_reason === undefined ? item.stop_reason : item.finish_reason);
  // The usual case needs none of what follows.
  if (said === 'stop') return { finish: 'stop' };
  // A server that says nothing has ended the text, or its own bound has: then the text is as long as was asked for.
  if (said === null) return { finish: tokens >= tokensMax ? 'length' : 'stop' };
  const kind = finishKind(said);
  const reason = serverWords(said, context.apiKey, 60);
  if (kind === 'abort') {
    throw new TryFailure('server', `${context.label} broke its reply off (finish_reason "${reason}")`, {
      code: 'ROW_ABORTED',
    });
  }
  if (kind === 'unknown') notes.push(`finish_reason "${reason}" is not known here, and was taken for an end`);
  const finish = FINISHES[kind];
  return finish === 'stop' || finish === 'length' ? { finish } : { finish, reason };
}

function isCall(item: object): boolean {
  const { message } = item as { message?: Record<string, unknown> };
  const calls = message?.['tool_calls'] ?? message?.['function_call'];
  return Array.isArray(calls) ? calls.length > 0 : isObject(calls);
}

/** OpenAI puts the words of a refusal beside an empty content. */
function refusalOf(item: object): string {
  const { message } = item as { message?: Record<string, unknown> };
  const refusal = message?.['refusal'];
  return typeof refusal === 'string' ? refusal : '';
}

function isRefusal(item: object): boolean {
  return refusalOf(item).trim() !== '';
}

/** Most servers leave the stop string out. The others must not leak markers into rows. */
function cutAtStop(text: string, stop: readonly string[]): { text: string; cut: boolean } {
  const at = stop
    .map((marker) => text.indexOf(marker))
    .reduce((first, index) => (index >= 0 && index < first ? index : first), text.length);
  return { text: text.slice(0, at), cut: at < text.length };
}

/**
 * The likeliest first tokens with their natural-log probabilities: a list (`logprobs` of /chat/completions, and of llama.cpp's
 * /completions), or a record for each token (OpenAI's and vLLM's /completions). Undefined where there is neither.
 */
function topTokens(logprobs: unknown): Completion['topTokens'] {
  if (!isObject(logprobs)) return undefined;
  const { content, top_logprobs: records } = logprobs;
  const first = Array.isArray(content) ? (content as unknown[])[0] : undefined;
  const list = isObject(first) ? first['top_logprobs'] : undefined;
  if (Array.isArray(list)) return (list as unknown[]).flatMap(tokenOf);
  const record = Array.isArray(records) ? (records as unknown[])[0] : undefined;
  return isObject(record)
    ? Object.entries(record).flatMap(([token, logprob]) => tokenOf({ token, logprob }))
    : undefined;
}

/**
 * JSON has no -Infinity; servers write null for it. A token with anything else that is no finite number is left out: it has no
 * probability that anybody knows.
 */
function tokenOf(item: unknown): { token: string; logprob: number }[] {
  if (!isObject(item)) return [];
  const { token, logprob } = item;
  if (typeof token !== 'string') return [];
  if (logprob === null) return [{ token, logprob: -Infinity }];
  return Number.isFinite(logprob) ? [{ token, logprob: logprob as number }] : [];
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
  const found = new Map<string, { owner: number; probability: number }>();
  for (const { token, logprob } of tokens) {
    const text = token.trimStart();
    // Most of the likeliest tokens begin no option.
    const owner = text === '' ? -1 : ownerOf(text, options);
    if (owner < 0) continue;
    const probability = Math.exp(Math.min(0, logprob)) + (found.get(text)?.probability ?? 0);
    found.set(text, { owner, probability });
  }
  const raw = options.map(() => 0);
  for (const { owner, probability } of found.values()) raw[owner] = Math.max(raw[owner]!, probability);
  const sum = raw.reduce((a, b) => a + b, 0);
  return sum > 1 ? raw.map((probability) => probability / sum) : raw;
}

/** The option that a token begins and no other; -1 if there is none. */
function ownerOf(text: string, options: readonly string[]): number {
  let first = -1;
  for (let at = 0; at < options.length; at++) {
    if (!options[at]!.startsWith(text)) continue;
    // `1` is the first of `1` as well as of `10`: an option that the token spells in full has it.
    if (first >= 0) return options.indexOf(text);
    first = at;
  }
  return first;
}
