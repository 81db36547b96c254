import { readFileSync } from 'node:fs';
import type {
  Choice,
  ChooseRequest,
  CompleteRequest,
  Model,
  ScoreItem,
  ScoreRequest,
} from '../../src/backends/model.js';
import { modelsFolder } from '../../models/solver.js';
import { deriveSeed, deriveUniform } from '../../src/random.js';

/**
 * Replies to fill a store with, each a function of what is asked: the word problems of the bundled model's world with other
 * numbers, lost at each step in about the shares of a quickstart run (README.md).
 */

interface Problem {
  question: string;
  solution: string;
}

export function answeringModel(name: string): Model {
  const problems = readProblems();
  let requests = 0;

  function counted<T>(reply: T): Promise<T> {
    requests += 1;
    return Promise.resolve(reply);
  }

  return {
    name,
    can: { preQuery: true, choose: true, score: true, embed: false },
    complete: (request) => counted(completionsOf(problems, request)),
    choose: (request) => counted(probabilitiesOf(request)),
    score: ({ items }: ScoreRequest) => counted(items.map(rewardOf)),
    embed: () => Promise.reject(new Error('no step of the bench asks for vectors')),
    execute: () => Promise.reject(new Error('no step of the bench runs programs')),
    stats: () => ({
      ...{ requests, retries: 0, failures: 0, inFlight: 0, queued: 0 },
      ...{ promptTokens: 0, completionTokens: 0, memoryPeakBytes: 0 },
    }),
    close: async () => {},
  };
}

function readProblems(): Problem[] {
  const lines = readFileSync(new URL('heldout.jsonl', modelsFolder()), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as Problem & { kind: string })
    .filter(({ kind }) => kind === 'sound');
}

function completionsOf(problems: readonly Problem[], { message, n, seed }: CompleteRequest): Choice[] {
  if (message.kind !== 'user') return [choice(newQuestion(problems, seed))];
  if (n === 1) return [choice(verdictOf(message.text))];
  const { solution } = problems[hashOf(message.text) % problems.length]!;
  return Array.from({ length: n }, (_, index) => answerOf(solution, deriveSeed(seed, 'solution', index)));
}

/** Some give no answer, and some are cut off. */
function answerOf(solution: string, seed: number): Choice {
  const text = renumbered(solution, seed);
  const draw = deriveUniform(seed, 'fault', 0);
  if (draw < 0.06) return choice('That cannot be told from the question.');
  if (draw < 0.09) return { ...choice(text.slice(0, text.length / 2)), finish: 'length' };
  return choice(text);
}

function choice(text: string): Choice {
  return { text, finish: 'stop', tokens: Math.ceil(text.length / 3) };
}

/** A few come again, a few are not ASCII, and a few are empty. */
function newQuestion(problems: readonly Problem[], seed: number): string {
  const draw = deriveUniform(seed, 'kind', 0);
  if (draw > 0.5 && draw < 0.502) return '';
  const own = draw < 0.003 ? 1 : seed;
  const question = renumbered(problems[own % problems.length]!.question, own);
  return draw > 0.98 ? question.replace(/\d+/, '$&°') : question;
}

function renumbered(text: string, seed: number): string {
  let at = 0;
  return text.replace(/\d+/g, () => String(2 + (deriveSeed(seed, 'number', at++) % 998)));
}

function verdictOf(prompt: string): string {
  const hash = hashOf(prompt);
  const draw = deriveUniform(hash, 'verdict', 0);
  // A few verdicts are none, and their rows are rejected.
  if (draw > 0.997) return 'It depends on how one reads it.';
  const verdict = draw < 0.857 ? 'Yes' : 'No';
  return `First we find ${hash % 997}.\nThen ${hash % 991} + ${hash % 97} is asked for, and nothing is missing.\n${verdict}`;
}

/** Two options: Yes and No. Ten: the digits. */
function probabilitiesOf({ message, options }: ChooseRequest): number[] {
  const hash = message.kind === 'user' ? hashOf(message.text) : 0;
  if (options.length === 2) {
    const yes = 0.98 * yesOf(hash);
    return [yes, 0.98 - yes];
  }
  const middle = deriveUniform(hash, 'easy', 0) < 0.147 ? 0 : 2 + 6 * deriveUniform(hash, 'digit', 0);
  const weights = options.map((_, digit) => Math.exp(-Math.abs(digit - middle) * 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (0.97 * weight) / sum);
}

function rewardOf({ user, assistant }: ScoreItem): number {
  return yesOf(hashOf(`${user}\n${assistant}`));
}

/** The best of five is below 0.5 for 8 % of the questions. */
function yesOf(hash: number): number {
  const draw = deriveUniform(hash, 'reward', 0);
  return draw < 0.6 ? draw / 1.2 : 0.5 + (draw - 0.6) * 1.25;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
