import { HARMLESS } from '../../src/backends/server/refusalGuard.js';
import { hashBytes } from '../../src/io/files/atomicFile.js';
import { createDraws } from './draws.js';

/** Steps tell the server who asks by the length they allow. */
export const TOKENS = {
  ...{ generate: 101, judge: 102, respond: 103 },
  ...{ typed: 104, talk: 105, rubric: 106, pair: 107 },
  // Of pipelines/operators/nameTopic.mjs.
  topic: 96,
} as const;

/** What stands behind each step that a process reward model scores. */
export const STEP_TOKEN = '<step>';

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
  if (body['code'] !== undefined) return programRun(body);
  if (body['max_tokens'] === undefined) return stepScores(body);
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

/** What the judge of a program prints, one verdict an assert. Some programs are refused for good, and some judges never begin. */
function programRun(body: Record<string, unknown>): Answer {
  const seed = seedOf(JSON.stringify(body));
  if (seed % 50 === 0) return { status: 400, text: '{"error":{"message":"this one I do not run"}}' };
  const draws = createDraws(seed, 'program');
  const { asserts } = JSON.parse(body['stdin'] as string) as { asserts: string[] };
  const lines = asserts.map(() => (draws.chance(0.6) ? 'ok ' : `failed ${btoa('not equal')}`));
  // A program may end its judge before the last test.
  const told = draws.chance(0.1) ? lines.slice(1) : lines;
  const result = {
    status: 'Finished',
    return_code: 0,
    stdout: `ready\n${told.join('\n')}\nend\n`,
    stderr: '',
  };
  return { status: 200, text: JSON.stringify({ status: 'Success', run_result: result }) };
}

/** Two classes a step. Some dialogues are refused for good, and some have fewer scores than steps. */
function stepScores(body: Record<string, unknown>): Answer {
  const text = JSON.stringify(body);
  const seed = seedOf(text);
  if (seed % 50 === 0 && !text.includes(HARMLESS.user))
    return { status: 400, text: '{"error":{"message":"this one I do not score"}}' };
  const draws = createDraws(seed, 'steps');
  const steps = stepsIn(body) - (draws.chance(0.03) ? 1 : 0);
  const data = Array.from({ length: steps }, () => {
    const right = draws.uniform();
    return [1 - right, right];
  });
  return { status: 200, text: JSON.stringify({ data: [{ index: 0, data }], usage: { prompt_tokens: 7 } }) };
}

function stepsIn(body: Record<string, unknown>): number {
  return JSON.stringify(body).split(STEP_TOKEN).length - 1;
}

/** How many sequences a request is: choices, texts or steps. */
export function sequencesOf(body: Record<string, unknown>): number {
  if (typeof body['n'] === 'number') return body['n'];
  if (Array.isArray(body['input'])) return body['input'].length;
  return Math.max(1, stepsIn(body));
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
    draws.chance(0.1) ? 'I do not know.' : `We add them.\n\n\\boxed{${draws.whole(4, 18)}}`,
  // Some fit no schema, and some hold LaTeX as models write it.
  [TOKENS.typed]: (draws) =>
    draws.chance(0.2)
      ? 'I had rather not.'
      : `Here it is: {"depth": ${draws.whole(1, 6)}, "why": "\\frac{1}{2} of it", "tests": ["assert f(1) == ${draws.whole(1, 3)}", "assert f(2) == 2"]}`,
  [TOKENS.talk]: (draws) => `And what of ${draws.pick(THINGS)}, ${draws.pick(NAMES)}?`,
  [TOKENS.rubric]: (draws) => `{"clarity": {"reason": "It is \\alpha.", "score": ${draws.whole(1, 6)}}}`,
  // Some are longer than a topic may be.
  [TOKENS.topic]: (draws) => `Sums ${'of fruit '.repeat(draws.whole(1, 3))}`.trim(),
  [TOKENS.pair]: (draws) => `{"reason": "So.", "better": "${draws.pick(['A', 'A', 'B', 'tie', 'both'])}"}`,
};

/** Log probabilities of a first token, in the form of the older protocol. */
function logprobsOf(draws: Draw): object {
  const words = ['Yes', 'No', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
  const weights = words.map(() => draws.uniform() + 0.001);
  const sum = weights.reduce((a, b) => a + b, 0);
  const top = Object.fromEntries(words.map((word, at) => [word, Math.log(weights[at]! / sum)]));
  return { top_logprobs: [top] };
}
