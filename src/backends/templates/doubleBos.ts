import { z } from 'zod';
import type { Clock } from '../../clock.js';
import { type HttpReply, type HttpClient, createHttpClient } from '../http/httpClient.js';
import { keyHeaders } from '../server/apiKey.js';

/**
 * Some prompt templates begin with their own begin-of-sequence marker, and some servers put one before every prompt. Together
 * they give worse replies and no error. The server's own tokeniser tells whether that happens; if it cannot be asked, the number
 * of tokens that the server counts does.
 *
 * Protocol (vllm/entrypoints/serve/tokenize/protocol.py): POST /tokenize, beside /v1, with
 * `{ model, prompt, add_special_tokens, return_token_strs }`, answered with `{ count, max_model_len, tokens, token_strs }`.
 */

/** What `findDoubleBos` asks, and whom. */
export interface DoubleBosQuestion {
  /** Base of the server's API, as the run asks it; /tokenize stands beside its /v1. */
  url: string;
  /** The name under which the server knows the model. */
  model: string;
  /** A rendered prompt. */
  prompt: string;
  /** The marker that it begins with, where it is known to be one: then a server without /tokenize can be asked too. */
  bos?: string;
  /** Fields that the requests of the run have. */
  extra?: Readonly<Record<string, unknown>>;
  /** The key of the server, if it asks for one. */
  apiKey?: string;
  /** The longest that one request may take. */
  timeoutMs?: number;
  /** The clock that deadlines are measured by. */
  clock: Clock;
}

/** Whether a server reads the begin-of-sequence marker of a prompt twice. */
export type DoubleBos =
  | { kind: 'single' }
  /** `token` stands twice at the start. It is given as text, or by its number. */
  | { kind: 'doubled'; token: string }
  /** The server cannot be asked: no /tokenize, no reply, another protocol. */
  | { kind: 'unknown'; why: string };

const tokenizeReply = z.object({ tokens: z.array(z.int()), token_strs: z.array(z.string()).nullish() });
const usageReply = z.object({ usage: z.object({ prompt_tokens: z.int().min(1) }) });

/** A letter is one token of every tokeniser. */
const LETTER = 'A';

/** Never rejects. Three requests at most. */
export async function findDoubleBos(question: DoubleBosQuestion): Promise<DoubleBos> {
  const { bos, extra } = question;
  const isAdded = extra?.['add_special_tokens'] !== false;
  const told = await ask(question, question.url.replace(/(\/v1)?\/*$/, ''), (http) =>
    byTokens(http, question, isAdded),
  );
  if (told || !bos)
    return told ?? { kind: 'unknown', why: `${question.url} does not answer /tokenize as vLLM does` };
  const counted = await ask(question, question.url, (http) => byCount(http, question, bos));
  return counted ?? { kind: 'unknown', why: `${question.url} does not say how many tokens a prompt has` };
}

async function ask(
  { url: label, apiKey, timeoutMs = 10_000, clock }: DoubleBosQuestion,
  url: string,
  how: (http: HttpClient) => Promise<DoubleBos>,
): Promise<DoubleBos | null> {
  const http = createHttpClient({
    ...{ url, label, headers: keyHeaders(apiKey) },
    ...{ clock, timeoutMs, connections: 1, lastAnswer: { atMs: undefined } },
  });
  try {
    return await how(http);
  } catch {
    return null;
  } finally {
    await http.destroy();
  }
}

/** Two requests: with the special tokens that a run would get, and without any. */
async function byTokens(
  http: HttpClient,
  { model, prompt }: DoubleBosQuestion,
  isAdded: boolean,
): Promise<DoubleBos> {
  const tokenize = async (add_special_tokens: boolean): Promise<z.output<typeof tokenizeReply>> => {
    const body = { model, prompt, add_special_tokens, return_token_strs: true };
    return tokenizeReply.parse(bodyOf(await http.post('/tokenize', body)));
  };
  const sent = await tokenize(isAdded);
  const [first, second] = sent.tokens;
  if (!isAdded || first === undefined || first !== second) return { kind: 'single' };
  // A prompt may begin with the same word twice. It is doubled only if the server added the first one.
  const bare = await tokenize(false);
  if (bare.tokens.length >= sent.tokens.length || bare.tokens[0] !== first) return { kind: 'single' };
  return { kind: 'doubled', token: sent.token_strs?.[0] ?? String(first) };
}

/** The marker and a letter are two tokens. If the server counts more, it reads more than the marker before the letter. */
async function byCount(
  http: HttpClient,
  { model, extra }: DoubleBosQuestion,
  bos: string,
): Promise<DoubleBos> {
  const body = { ...extra, model, prompt: bos + LETTER, max_tokens: 1, temperature: 0 };
  const { usage } = usageReply.parse(bodyOf(await http.post('/completions', body)));
  return usage.prompt_tokens > 2 ? { kind: 'doubled', token: bos } : { kind: 'single' };
}

function bodyOf({ status, text }: HttpReply): unknown {
  return status === 200 ? JSON.parse(text) : undefined;
}
