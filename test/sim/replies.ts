import { HARMLESS } from '../../src/backends/server/refusalGuard.js';
import { hashBytes } from '../../src/io/files/atomicFile.js';
import { createDraws } from './draws.js';

/** Steps tell the server who asks by the length they allow. */
export const TOKENS = { generate: 101, judge: 102, respond: 103 } as const;

/** How a server answers a body for good: its status and the text of its reply. */
export interface Answer {
  status: number;
  text: string;
}

/**
 * The answer of every server to a body: a function of the body alone, as a seeded engine's is. Some rows have bad luck for
 * good: refused, empty, cut off, fewer choices than asked, no verdict.
 */
export function answerTo(body: Record<string, unknown>): Answer {
  if (Array.isArray(body['input'])) return vectorsOf(body['input'] as string[]);
  // A greedy engine has no use for a seed.
  const asked = body['temperature'] === 0 ? { ...body, seed: 0 } : body;
  const seed = Number.parseInt(keyOf(asked).slice(0, 12), 16);
  const draws = createDraws(seed, 'reply');
  const isRefused = draws.chance(0.02);
  // Nobody refuses a control request. A bare opening is the same for all rows: refused for one of them, it is for all.
  if (isRefused && !isHarmless(body))
    return { status: 400, text: '{"error":{"message":"this one I do not answer"}}' };
  const n = body['n'] as number;
  const given = n > 1 && draws.chance(0.03) ? n - 1 : n;
  const choices = Array.from({ length: given }, (_, index) => ({ index, ...choiceOf(body, draws) }));
  const usage = { prompt_tokens: 7, completion_tokens: 5 * given };
  return { status: 200, text: JSON.stringify({ choices, usage }) };
}

export const EMBEDDING_DIMENSIONS = 24;

/** A vector a text, the more alike the more words two texts share. Some texts are refused for good. */
function vectorsOf(texts: readonly string[]): Answer {
  if (texts.some((text) => text !== HARMLESS.user && seedOf(text) % 50 === 0))
    return { status: 400, text: '{"error":{"message":"this one I do not answer"}}' };
  const data = texts.map((text, index) => {
    const vector = new Float32Array(EMBEDDING_DIMENSIONS).fill(0.01);
    for (const word of text.split(' ')) vector[seedOf(word) % EMBEDDING_DIMENSIONS]! += 1;
    return { index, embedding: Buffer.from(vector.buffer).toString('base64') };
  });
  return { status: 200, text: JSON.stringify({ data, usage: { prompt_tokens: 7 } }) };
}

function seedOf(text: string): number {
  return Number.parseInt(hashBytes(new TextEncoder().encode(text)).slice(0, 12), 16);
}

function isHarmless(body: Record<string, unknown>): boolean {
  return body['seed'] === 1 || JSON.stringify(body).includes(HARMLESS.user);
}

/** What identifies a request, whoever sends it and however often. */
export function keyOf(body: Record<string, unknown>): string {
  return hashBytes(new TextEncoder().encode(JSON.stringify(body)));
}

type Draw = ReturnType<typeof createDraws>;

function choiceOf(body: Record<string, unknown>, draws: Draw): object {
  const tokensMax = body['max_tokens'];
  if (tokensMax === 1) return { text: 'Yes', finish_reason: 'length', logprobs: logprobsOf(draws) };
  if (draws.chance(0.03)) return { text: '', finish_reason: 'stop' };
  if (draws.chance(0.03)) return { text: 'and then', finish_reason: 'length' };
  return { text: TEXTS[tokensMax as number]!(draws), finish_reason: 'stop' };
}

const NAMES = ['Ada', 'Ben', 'Cleo'];
const THINGS = ['apples', 'books', 'coins'];

const TEXTS: Record<number, (draws: Draw) => string> = {
  // Few enough that many come twice.
  [TOKENS.generate]: (draws) =>
    `${draws.pick(NAMES)} has ${draws.whole(2, 5)} ${draws.pick(THINGS)} and buys ${draws.whole(2, 4)} more. How many?`,
  [TOKENS.judge]: (draws) => `Let me see. ${draws.pick(['Yes', 'Yes.', 'Yes', 'No', '**No**', 'Perhaps'])}`,
  [TOKENS.respond]: (draws) =>
    draws.chance(0.1) ? 'I do not know.' : `We add them. \\boxed{${draws.whole(4, 18)}}`,
};

/** Log probabilities of a first token, in the form of the older protocol. */
function logprobsOf(draws: Draw): object {
  const words = ['Yes', 'No', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
  const weights = words.map(() => draws.uniform() + 0.001);
  const sum = weights.reduce((a, b) => a + b, 0);
  const top = Object.fromEntries(words.map((word, at) => [word, Math.log(weights[at]! / sum)]));
  return { top_logprobs: [top] };
}
