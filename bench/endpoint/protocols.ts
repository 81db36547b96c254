import { deriveSeed } from '../../src/random.js';
import type { Job } from './engine.js';
import type { EndpointOptions } from './options.js';
import { blocksOf } from './prefixCache.js';
import { type Draft, type Kind, draftOf, scoreOf, textOf, topTokens } from './texts.js';

/** A request that is understood: work for the engine, and how to answer once it is done. */
export interface Plan {
  jobs: Job[];
  /** Tells equal requests. */
  key: number;
  promptTokens: number;
  /** `missing`: how many choices or scores to leave out. */
  reply(missing: number): unknown;
}

/** A request that is refused. */
export interface Refusal {
  status: number;
  message: string;
  type: string;
  param?: string;
}

type Body = Record<string, unknown>;

interface Settings extends Pick<EndpointOptions, 'lengths' | 'classify' | 'pooling' | 'prefixBlocksMax'> {
  model: string;
  contextTokens: number;
  kinds: (Kind & { test: RegExp })[];
}

type Reader = (body: Body, settings: Settings) => Plan | Refusal;

export const CHARS_PER_TOKEN = 4;

const READERS: Record<string, Reader> = {
  '/completions': (body, settings) => readGeneration(body, settings, false),
  '/chat/completions': (body, settings) => readGeneration(body, settings, true),
  '/pooling': readPooling,
  '/classify': readClassify,
  '/score': readScore,
  '/embeddings': readEmbeddings,
};

/** Paths without /v1, which is optional before each. */
export function isModelPath(path: string): boolean {
  return Object.hasOwn(READERS, path);
}

export function settingsOf(options: EndpointOptions): Settings {
  const kinds = options.kinds.map((kind) => ({ ...kind, test: new RegExp(kind.pattern) }));
  const contextTokens = options.contextTokens ?? Infinity;
  return { ...options, kinds, contextTokens };
}

export function readRequest(path: string, body: Body, settings: Settings): Plan | Refusal {
  const { model } = body;
  if (settings.model && model !== undefined && model !== settings.model) {
    return { status: 404, message: `The model \`${String(model)}\` does not exist.`, type: 'NotFoundError' };
  }
  return READERS[path]!(body, settings);
}

/** Older vLLM puts the fields at the top; newer servers wrap them. */
export function errorBody({ status, message, type, param }: Refusal): object {
  return { error: { message, type, param: param ?? null, code: status } };
}

function badRequest(message: string, param?: string): Refusal {
  return { status: 400, message, type: 'BadRequestError', ...(param ? { param } : {}) };
}

let replies = 0;

function envelope(prefix: string, object: string, body: Body): { id: string; object: string } & Body {
  const created = Math.floor(Date.now() / 1000);
  return { id: `${prefix}-${replies++}`, object, created, model: body['model'] ?? 'simulated' };
}

function readGeneration(body: Body, settings: Settings, isChat: boolean): Plan | Refusal {
  const prompts = isChat ? chatPrompt(body['messages']) : promptsOf(body['prompt']);
  if (!prompts) return badRequest(`expected ${isChat ? 'messages' : 'a prompt'}`);
  if (body['stream'] === true) return badRequest('streams are not simulated', 'stream');
  const n = (body['n'] as number | undefined) ?? 1;
  if (!Number.isInteger(n) || n < 1) return badRequest('n must be at least 1', 'n');
  if (n > 1 && body['temperature'] === 0) return badRequest('n must be 1 when using greedy sampling', 'n');
  const promptTokens = prompts.map(tokensOf);
  const asked = (body['max_completion_tokens'] ?? body['max_tokens'] ?? (isChat ? null : 16)) as
    number | null;
  for (const tokens of promptTokens) {
    if (tokens + (asked ?? 1) > settings.contextTokens)
      return tooLong(tokens, asked ?? 1, settings.contextTokens);
  }
  const tokensMax = asked ?? settings.contextTokens - Math.max(...promptTokens);
  if (tokensMax < 1) return badRequest('max_tokens must be at least 1', 'max_tokens');
  const top = topOf(body, isChat);
  const seed = (body['seed'] as number | null | undefined) ?? 0;
  const stop = possibleStops(body['stop']);

  const jobs: Job[] = [];
  const choices: (() => object)[] = [];
  let completionTokens = 0;
  let key = n + tokensMax * 131;
  prompts.forEach((prompt, promptAt) => {
    const text = typeof prompt === 'string' ? prompt : prompt.join(' ');
    const hash = deriveSeed(0, text, 0);
    const { reply, lengths } = settings.kinds.find(({ test }) => test.test(text)) ?? {
      ...{ reply: 'plain' as const, lengths: { meanTokens: 100, sigma: 0, capTokens: 100 } },
    };
    const blocks = settings.prefixBlocksMax > 0 ? blocksOf(text, CHARS_PER_TOKEN) : undefined;
    key = keyOf(key, hash, seed);
    for (let at = 0; at < n; at++) {
      const choiceSeed = deriveSeed(hash, 'choice', seed, at);
      const drawn = draftOf(settings.lengths ?? lengths, choiceSeed, tokensMax);
      const make = (draft: Draft): string =>
        tokensMax === 1 ? topTokens(reply, hash)[0]!.token : textOf(reply, hash, choiceSeed, draft);
      const stopped = stop.length > 0 ? stoppedAt(make(drawn), stop) : null;
      const tokens = stopped === null ? drawn.tokens : tokensOfWords(stopped);
      const finish = stopped === null && (!drawn.ended || tokensMax === 1) ? 'length' : 'stop';
      jobs.push({ promptTokens: promptTokens[promptAt]!, tokens, ...(blocks && { blocks }) });
      completionTokens += tokens;
      const index = promptAt * n + at;
      choices.push(() => {
        const content = stopped ?? make(drawn);
        const logprobs = top > 0 ? logprobsOf(topTokens(reply, hash).slice(0, top), isChat) : null;
        const rest = { logprobs, finish_reason: finish, stop_reason: null };
        return isChat
          ? { index, message: { role: 'assistant', content }, ...rest }
          : { index, text: content, ...rest };
      });
    }
  });
  const promptSum = sum(promptTokens);
  return {
    jobs,
    key,
    promptTokens: promptSum,
    reply: (missing) => ({
      ...envelope(isChat ? 'chatcmpl' : 'cmpl', isChat ? 'chat.completion' : 'text_completion', body),
      choices: choices.slice(0, choices.length - missing).map((make) => make()),
      usage: usageOf(promptSum, completionTokens),
    }),
  };
}

function tooLong(promptTokens: number, asked: number, contextTokens: number): Refusal {
  return badRequest(
    `This model's maximum context length is ${contextTokens} tokens. However, you requested ${asked} output tokens ` +
      `and your prompt contains ${promptTokens} input tokens.`,
    'input_tokens',
  );
}

function chatPrompt(messages: unknown): string[] | null {
  if (!Array.isArray(messages) || messages.length === 0) return null;
  return [
    messages
      .map((message: { content?: unknown }) =>
        typeof message.content === 'string' ? message.content : JSON.stringify(message.content ?? ''),
      )
      .join('\n'),
  ];
}

/** A text, a list of texts, or token ids. */
function promptsOf(prompt: unknown): (string | number[])[] | null {
  if (typeof prompt === 'string') return [prompt];
  if (!Array.isArray(prompt) || prompt.length === 0) return null;
  return typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as string[]);
}

function tokensOf(prompt: string | number[]): number {
  return typeof prompt === 'string' ? Math.max(1, Math.ceil(prompt.length / CHARS_PER_TOKEN)) : prompt.length;
}

function tokensOfWords(text: string): number {
  return Math.max(1, text.split(/\s+/).length);
}

function topOf(body: Body, isChat: boolean): number {
  const asked = isChat ? (body['logprobs'] === true ? (body['top_logprobs'] ?? 0) : 0) : body['logprobs'];
  return typeof asked === 'number' ? Math.min(20, asked) : 0;
}

/** Stop strings that a text could hold: markers of templates never occur in one, so most requests have none. */
function possibleStops(stop: unknown): string[] {
  const all = typeof stop === 'string' ? [stop] : Array.isArray(stop) ? (stop as string[]) : [];
  return all.filter((text) => /^[\w .,?\\{}\n]+$/.test(text));
}

function stoppedAt(text: string, stop: readonly string[]): string | null {
  const places = stop.map((one) => text.indexOf(one)).filter((at) => at >= 0);
  return places.length > 0 ? text.slice(0, Math.min(...places)) : null;
}

/** Of the first token only. */
function logprobsOf(top: { token: string; logprob: number }[], isChat: boolean): object {
  const first = top[0]!;
  if (isChat)
    return {
      content: [{ ...first, bytes: null, top_logprobs: top.map((one) => ({ ...one, bytes: null })) }],
    };
  return {
    tokens: [first.token],
    token_logprobs: [first.logprob],
    top_logprobs: [Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))],
    text_offset: [0],
  };
}

function readPooling(body: Body, { pooling, contextTokens }: Settings): Plan | Refusal {
  const inputs = inputsOf(body);
  if (!inputs) return badRequest('expected input or messages');
  return scoring(body, inputs, contextTokens, 'pool', (text, index) => {
    const score = scoreOf(deriveSeed(0, text, 0));
    if (pooling === 'sequence') return { index, object: 'pooling', data: [score] };
    const data = Array.from({ length: tokensOf(text) }, (_, at) => [scoreOf(at)]);
    data[data.length - 1] = [score];
    return { index, object: 'pooling', data };
  });
}

function readClassify(body: Body, { classify, contextTokens }: Settings): Plan | Refusal {
  if (classify === 'sglang') return readClassifySglang(body, contextTokens);
  const inputs = inputsOf(body);
  if (!inputs) return badRequest('expected input or messages');
  return scoring(body, inputs, contextTokens, 'classify', (text, index) => {
    const share = logistic(scoreOf(deriveSeed(0, text, 0)));
    const probs = [1 - share, share];
    return { index, label: share > 0.5 ? 'LABEL_1' : 'LABEL_0', probs, num_classes: 2 };
  });
}

/** No envelope; a lone text gets a lone object. */
function readClassifySglang(body: Body, contextTokens: number): Plan | Refusal {
  const inputs = textsOf(body['text']);
  if (!inputs) return badRequest('expected text');
  const plan = scoring(body, inputs, contextTokens, 'classify', (text) => ({
    embedding: [scoreOf(deriveSeed(0, text, 0))],
    meta_info: {
      id: String(replies++),
      finish_reason: { type: 'length', length: 0 },
      prompt_tokens: tokensOf(text),
    },
  }));
  if ('status' in plan) return plan;
  return {
    ...plan,
    reply(missing) {
      const { data } = plan.reply(missing) as { data: unknown[] };
      return typeof body['text'] === 'string' ? (data[0] ?? null) : data;
    },
  };
}

/** `text_1` and `text_2` (or `queries` and `documents`): one with each, or in pairs. */
function readScore(body: Body, { contextTokens }: Settings): Plan | Refusal {
  const first = textsOf(body['text_1'] ?? body['queries']);
  const second = textsOf(body['text_2'] ?? body['documents'] ?? body['items']);
  if (!first || !second) return badRequest('expected text_1 and text_2');
  if (first.length !== 1 && first.length !== second.length)
    return badRequest('expected as many text_1 as text_2');
  const pairs = second.map((text, at) => `${first.length === 1 ? first[0] : first[at]}\n${text}`);
  return scoring(body, pairs, contextTokens, 'score', (text, index) => ({
    ...{ index, object: 'score', score: logistic(scoreOf(deriveSeed(0, text, 0))) },
  }));
}

const EMBEDDING_SIZE = 16;

function readEmbeddings(body: Body, { contextTokens }: Settings): Plan | Refusal {
  const inputs = inputsOf(body);
  if (!inputs) return badRequest('expected input');
  return scoring(body, inputs, contextTokens, 'embd', (text, index) => {
    const hash = deriveSeed(0, text, 0);
    const raw = Array.from({ length: EMBEDDING_SIZE }, (_, at) => scoreOf(deriveSeed(hash, 'e', at)));
    const norm = Math.sqrt(sum(raw.map((value) => value * value))) || 1;
    return { index, object: 'embedding', embedding: raw.map((value) => Number((value / norm).toFixed(6))) };
  });
}

/** Reads the prompts, makes no token. */
function scoring(
  body: Body,
  inputs: readonly string[],
  contextTokens: number,
  prefix: string,
  item: (text: string, index: number) => object,
): Plan | Refusal {
  const jobs = inputs.map((text): Job => ({ promptTokens: tokensOf(text), tokens: 0 }));
  const longest = Math.max(...jobs.map(({ promptTokens }) => promptTokens));
  if (longest > contextTokens) return tooLong(longest, 0, contextTokens);
  const promptTokens = sum(jobs.map((job) => job.promptTokens));
  return {
    jobs,
    key: inputs.reduce((key, text) => keyOf(key, deriveSeed(0, text, 0), 0), prefix.length),
    promptTokens,
    reply: (missing) => ({
      ...envelope(prefix, 'list', body),
      data: inputs.slice(0, inputs.length - missing).map(item),
      usage: usageOf(promptTokens, 0),
    }),
  };
}

function inputsOf(body: Body): string[] | null {
  return body['messages'] === undefined ? textsOf(body['input']) : chatPrompt(body['messages']);
}

function textsOf(value: unknown): string[] | null {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.length > 0 && typeof value[0] === 'string'
    ? (value as string[])
    : null;
}

function usageOf(promptTokens: number, completionTokens: number): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** 53 bits, so that a million requests do not meet by chance. */
function keyOf(key: number, hash: number, seed: number): number {
  return deriveSeed(key, '', hash, seed) * 2 ** 21 + (deriveSeed(seed, 'k', hash, key) >>> 11);
}

function logistic(value: number): number {
  return Number((1 / (1 + Math.exp(-value))).toFixed(6));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
