import { z } from 'zod';
import type { Clock } from './clock.js';
import { createPoster } from './postJson.js';
import { keyHeaders } from './serverClient.js';

/**
 * A prompt template that begins with its own begin-of-sequence marker, sent to a server that puts one before every prompt,
 * gives worse replies and no error. The server's own tokeniser tells.
 *
 * Protocol (vllm/entrypoints/serve/tokenize/protocol.py): POST /tokenize, beside /v1, with
 * `{ model, prompt, add_special_tokens, return_token_strs }`, answered with `{ count, max_model_len, tokens, token_strs }`.
 */

export interface DoubleBosQuestion {
  /** Base of the server's API, with or without /v1. */
  url: string;
  /** The name under which the server knows the model. */
  model: string;
  /** A rendered prompt. */
  prompt: string;
  /** What the requests of the run say; vLLM's default is true. */
  addSpecialTokens?: boolean;
  apiKey?: string;
  timeoutMs?: number;
  clock: Clock;
}

export type DoubleBos =
  | { kind: 'single' }
  /** `id` stands twice at the start; `token`: its text, where the server gives it. */
  | { kind: 'doubled'; id: number; token: string | undefined }
  /** The server cannot be asked: no /tokenize, no reply, another protocol. */
  | { kind: 'unknown'; why: string };

const replySchema = z.object({ tokens: z.array(z.int()), token_strs: z.array(z.string()).nullish() });

/** Never rejects. Two requests at most: with the special tokens that a run would get, and without any. */
export async function findDoubleBos(question: DoubleBosQuestion): Promise<DoubleBos> {
  const { url, apiKey, timeoutMs = 10_000, clock, addSpecialTokens = true } = question;
  const poster = createPoster({
    ...{ url: url.replace(/(\/v1)?\/*$/, ''), label: url, headers: keyHeaders(apiKey), clock, timeoutMs },
    ...{ connections: 1, health: { answeredMs: undefined } },
  });

  async function tokenize(add_special_tokens: boolean): Promise<z.output<typeof replySchema>> {
    const { model, prompt } = question;
    const body = { model, prompt, add_special_tokens, return_token_strs: true };
    const reply = await poster.post('/tokenize', body);
    return replySchema.parse(reply.status === 200 ? JSON.parse(reply.text) : undefined);
  }

  try {
    const sent = await tokenize(addSpecialTokens);
    const [first, second] = sent.tokens;
    if (!addSpecialTokens || first === undefined || first !== second) return { kind: 'single' };
    // A prompt may begin with the same word twice; it is doubled if the server put the first one there.
    const bare = await tokenize(false);
    if (bare.tokens.length >= sent.tokens.length || bare.tokens[0] !== first) return { kind: 'single' };
    return { kind: 'doubled', id: first, token: sent.token_strs?.[0] };
  } catch {
    return { kind: 'unknown', why: `${url} does not answer /tokenize as vLLM does` };
  } finally {
    await poster.destroy();
  }
}
