import { encoderHere } from '../helpers/files/encoderHere.js';
import { join, relative } from 'node:path';
import type { CompleteRequest, Model } from '../../src/backends/model.js';
import { type RunWorld, runInFolder } from '../../src/run/runInFolder.js';
import type { Files } from '../../src/io/files/files.js';
import { makeRunFolder } from '../../src/io/runFolder/runFolder.js';
import { holdRunFolder } from '../../src/io/runFolder/takeOver.js';
import { loadZstd } from '../../src/io/parquet/zstd.js';
import { deriveSeed, deriveUniform } from '../../src/random.js';
import { promptFrom } from '../../src/pipeline/check/checkDeps.js';
import type { Plan } from '../../src/pipeline/plan.js';
import type { CrashingFiles } from '../helpers/files/crashingFiles.js';
import { checkDeps, checkText } from '../helpers/runs/pipelineWorld.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';
import { unwatched } from '../helpers/runs/unwatched.js';

/** The quickstart in small: every kind of step, with duplicates, drops, rejects and several answers a question. */
export const PIPELINES = {
  /** One row a question, cut at a target. */
  best: pipelineText(['target: 20'], 6, '  - keepBest: { rewardMin: 0.75 }'),
  /** A row an answer; the target lies inside a question; the set is exported too. */
  several: pipelineText(
    ['target: 36', 'exports: { chat: { format: messages } }'],
    11,
    '  - unnest: { texts: { responses: response }, numbers: { rewards: reward } }',
    'crash',
    ['  - sample: { columns: { level: { list: [easy, hard] }, size: { numbers: [0, 1] } } }'],
  ),
  /** Ends with its source, in a commit without a shard. */
  limited: pipelineText(['limit: 61'], 6, '  - keepBest: { rewardMin: 0.75 }'),
  /** Keeps few rows, so that most commits come by source positions, some of them without a shard. */
  rare: pipelineText(['limit: 67'], 6, '  - keepBest: { rewardMin: 0.97 }', 'rare'),
  /** Operators of one's own: one remembers, one asks a model and writes a struct and a chat. */
  own: [
    'name: own',
    'seed: 11',
    'limit: 61',
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }',
    'steps:',
    '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
    '  - { label: each, custom: { path: operators/limitEach.mjs, options: { rowsMax: 9 } } }',
    '  - { label: topic, custom: { path: operators/nameTopic.mjs, models: { namer: tiny } } }',
    'output: { shardRows: 6, rowGroupRows: 4 }',
    '',
  ].join('\n'),
  /** The same operators as steps of their own names: their results are cached, and one is row-wise. */
  named: [
    'name: named',
    'seed: 11',
    'limit: 61',
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }',
    'operators: [./operators/countWords.mjs, ./operators/limitEach.mjs, ./operators/nameTopic.mjs]',
    'steps:',
    '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
    '  - countWords: { wordsMin: 4 }',
    '  - limitEach: { rowsMax: 9 }',
    '  - nameTopic: { models: { namer: tiny } }',
    'output: { shardRows: 6, rowGroupRows: 4 }',
    '',
  ].join('\n'),
  /** Steps of any domain: columns that are drawn, prompts of one's own, typed replies, dialogues, meaning, a rubric. */
  domains: [
    'name: domains',
    'seed: 11',
    'limit: 61',
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } }, vectors: { embeddings: { model: v, replicas: ["http://127.0.0.1:9/v1"] } } }',
    'steps:',
    '  - sample: { columns: { level: { list: [easy, hard] }, size: { numbers: [0, 1] } } }',
    '  - prompt:',
    '      model: tiny',
    "      prompt: 'Give JSON for {{ level }}, {{ size }}.'",
    '      tokensMax: 64',
    '      json:',
    '        type: object',
    '        required: [question, marks]',
    '        properties: { question: { type: string }, marks: { type: integer }, tags: { type: array, items: { type: string } } }',
    '  - filterText: { column: question, charsMin: 30 }',
    '  - deduplicate: { by: embedding, model: vectors, similarityMin: 0.99 }',
    '  - judge:',
    '      model: tiny',
    '      columns: [question]',
    '      criteria: [{ name: clarity, description: Is it clear?, scale: [1, 5], min: 2 }]',
    '      tokensMax: 64',
    "  - { label: first, prompt: { model: tiny, prompt: '{{ question }}', messages: talk, opens: true, tokensMax: 64 } }",
    '  - { label: next, prompt: { model: tiny, messages: talk, as: user, tokensMax: 64 } }',
    'output: { shardRows: 6, rowGroupRows: 4 }',
    '',
  ].join('\n'),
  /** Programs that are run, and pairs that are compared in both orders. */
  tested: [
    'name: tested',
    'seed: 11',
    'limit: 91',
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } }, sandbox: { sandboxFusion: { replicas: ["http://127.0.0.1:9"] } } }',
    'steps:',
    '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
    '  - prompt:',
    '      model: tiny',
    "      prompt: 'Give JSON with tests for {{ question }}.'",
    '      tokensMax: 64',
    '      repairsMax: 1',
    '      json: { type: object, required: [tests], properties: { tests: { type: array, items: { type: string } } } }',
    '  - respond: { model: tiny, n: 3, tokensMax: 64 }',
    '  - runTests: { sandbox: sandbox, extract: whole, shareMin: 0.5 }',
    '  - judgePair: { model: tiny, responses: responses, tokensMax: 64, repairsMax: 1 }',
    'output: { shardRows: 3, rowGroupRows: 2 }',
    '',
  ].join('\n'),
};

/** Source positions after which a commit comes at the latest, where they are fewer than in other runs. */
const COMMIT_POSITIONS: Partial<Record<string, number>> = { rare: 9 };

export type PipelineName = keyof typeof PIPELINES;

function pipelineText(
  end: readonly string[],
  shardRows: number,
  last: string,
  name = 'crash',
  first: readonly string[] = [],
): string {
  return [
    `name: ${name}`,
    'seed: 11',
    ...end,
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }',
    'steps:',
    ...first,
    '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
    '  - deduplicate: { similarityMin: 0.7 }',
    '  - filterLanguage: { method: ascii }',
    '  - judgeSolvability: { model: tiny, tokensMax: 64 }',
    '  - scoreDifficulty: { model: tiny }',
    '  - sampleDifficulty: { min: 0.42 }',
    '  - respond: { model: tiny, n: 5, tokensMax: 64 }',
    '  - filterAnswered: {}',
    '  - scoreReward: { model: tiny }',
    last,
    `output: { shardRows: ${shardRows}, rowGroupRows: 4 }`,
    '',
  ].join('\n');
}

/** What may change from one start to the next without changing a byte. */
export interface Knobs {
  windowRows: number;
  batchRows: number;
  /** Draws the order in which replies come. */
  orderSeed: number;
  /** Replies of another world; the same bytes cannot be expected then. */
  repliesSeed?: number;
  /** The system's clock, in milliseconds since 1970. */
  nowMs?: number;
}

export const FIRST_KNOBS: Knobs = { windowRows: 48, batchRows: 8, orderSeed: 1 };

export function drawKnobs(seed: number): Knobs {
  const draw = (what: string, below: number): number => deriveSeed(seed, what, 0) % below;
  const nowMs = deriveUniform(seed, 'clock', 0) * 4e12;
  return {
    windowRows: 1 + draw('window', 90),
    batchRows: 1 + draw('batch', 24),
    orderSeed: draw('order', 1e6),
    nowMs,
  };
}

export const RUN_FOLDER = '/runs/crash';

export async function planOf(name: PipelineName): Promise<Plan> {
  await loadZstd();
  return checkText(PIPELINES[name]);
}

/** Starts the run in its folder as the command does, with its lock, and lets it come to its end. `host`: of its machine. */
export async function runOn(
  disk: Files,
  plan: Plan,
  knobs: Knobs,
  { host = 'here', takeOver = false }: { host?: string; takeOver?: boolean } = {},
): Promise<void> {
  const { windowRows, batchRows, nowMs = 0 } = knobs;
  const settings = { ...plan.settings, source: { ...plan.settings.source, windowRows, batchRows } };
  let elapsedMs = 0;
  await makeRunFolder(disk, RUN_FOLDER);
  // The process before is dead, or on another machine.
  const self = { host, pid: 1 + knobs.orderSeed, bornAt: null };
  const others = { self, isAlive: () => false };
  const lock = await holdRunFolder(disk, RUN_FOLDER, async () => {}, takeOver, others);
  const world: RunWorld = {
    files: lock.files,
    prompt: promptFrom(plan.folder, checkDeps()),
    openModels: async () => ({ models: modelsOf(plan, modelOf(knobs)) }),
    signal: new AbortController().signal,
    // Backwards, as a clock that is set may go.
    now: () => new Date(nowMs - elapsedMs),
    nowMs: () => (elapsedMs += 1000),
    watchProcess: unwatched,
    startEncoder: encoderHere,
    commitPositions: COMMIT_POSITIONS[plan.name],
    emit: () => {},
  };
  try {
    await runInFolder({ ...plan, settings }, RUN_FOLDER, world);
  } catch (error) {
    throw await lock.lossBehind(error);
  } finally {
    await lock.release().catch(() => {});
  }
}

/** One model plays all that the plan names. */
function modelsOf(plan: Plan, model: Model): Record<string, Model> {
  return Object.fromEntries(Object.keys(plan.models).map((name) => [name, { ...model, name }]));
}

function modelOf({ orderSeed, repliesSeed = 0 }: Knobs) {
  const model = scriptedModel({
    complete: (request) =>
      Array.from({ length: request.n }, (_, sample) => replyTo(request, repliesSeed, sample)),
    choose: ({ message, options }) =>
      options.map((option) => deriveUniform(repliesSeed, `${messageText({ message })}\n${option}`, 0)),
    execute: ({ program, tests }) => {
      const asserts = tests.kind === 'asserts' ? tests.asserts : [];
      return asserts.map((each) =>
        deriveUniform(repliesSeed, `${program}\n${each}`, 0) < 0.7
          ? { isOk: true, text: '' }
          : { isOk: false, text: 'AssertionError' },
      );
    },
    embed: ({ texts }) => texts.map((text) => [0, 1, 2, 3].map((at) => deriveUniform(0, text, at) - 0.5)),
  });
  let calls = 0;
  const wait = async (): Promise<void> => {
    for (let turns = deriveSeed(orderSeed, 'turns', calls++) % 4; turns > 0; turns--)
      await new Promise(setImmediate);
  };
  return {
    ...model,
    complete: async (request: CompleteRequest) => (await wait(), model.complete(request)),
  };
}

function replyTo({ message, seed, n }: CompleteRequest, repliesSeed: number, sample: number): string {
  const asked = message.kind === 'user' ? message.text : '';
  const draw = (what: string): number => deriveUniform(repliesSeed, `${asked}${what}`, seed, sample);
  if (message.kind === 'preQuery') return questionOf(draw);
  if (message.kind === 'chat') return `And why is that so, ${Math.floor(draw('more') * 9)}?`;
  if (asked.startsWith('Give JSON with tests'))
    return draw('form') < 0.2
      ? 'none'
      : JSON.stringify({ tests: ['assert f(1) == 2', `assert f(${seed % 5})`] });
  if (asked.includes('<candidate-A'))
    return draw('form') < 0.2 ? 'both' : JSON.stringify({ reason: 'So.', better: betterIn(asked) });
  if (asked.startsWith('Give JSON'))
    return draw('form') < 0.1
      ? 'none'
      : JSON.stringify({ question: questionOf(draw), marks: seed % 9, tags: ['a', asked] });
  if (asked.includes('"clarity"')) return `{"clarity": ${verdictOf(draw)}}`;
  if (n > 1)
    return draw('answered') < 0.2 ? 'I do not know.' : `It is \\boxed{${Math.floor(draw('answer') * 9)}}.`;
  if (draw('verdict') < 0.15) return 'Perhaps.';
  return draw('verdict') < 0.3 ? 'No' : 'Yes';
}

/** Mostly the text that stands later in the alphabet; some ties, and some verdicts that go by the place. */
function betterIn(asked: string): string {
  const [a, b] = ['A', 'B'].map(
    (name) => new RegExp(`<candidate-${name}-\\w+>\\n([^]*?)\\n</candidate`).exec(asked)![1]!,
  );
  const draw = deriveUniform(0, [a, b].sort().join('\n'), 0);
  if (draw < 0.1) return 'tie';
  return draw < 0.25 || a! > b! ? 'A' : 'B';
}

/** As a rubric asks for it; some are off the scale. */
function verdictOf(draw: (what: string) => number): string {
  return `{ "score": ${Math.floor(draw('score') * 7)}, "reason": "It says what is asked." }`;
}

const NAMES = ['Anna', 'Ben', 'Carla', 'Zoë'];
const THINGS = ['apples', 'boats', 'coins', 'drums', 'eggs', 'flags', 'gloves', 'hats', 'inks', 'jars'];

/** Few enough that some come twice. */
function questionOf(draw: (what: string) => number): string {
  if (draw('empty') < 0.05) return '';
  const pick = (what: string, words: readonly string[]): string =>
    words[Math.floor(draw(what) * words.length)]!;
  const [name, thing, other] = [pick('name', NAMES), pick('thing', THINGS), pick('other', THINGS)];
  return `${name} trades ${thing} for ${other} with a friend at noon. How many ${other} does ${name} get for ${thing}?`;
}

/** Files that measure or serve one start only. */
const NOT_COMPARED = ['log.jsonl', 'performance.json', 'run.lock'];

/** Path inside the run folder → bytes, of what an unbroken run and a broken one must have in common. */
export function dataOf(files: CrashingFiles): Map<string, Uint8Array> {
  const inside = [...files.snapshot()].map(([path, bytes]) => [relative(RUN_FOLDER, path), bytes] as const);
  return new Map(inside.filter(([path]) => !NOT_COMPARED.includes(path)));
}

/** A text file of the run folder; empty if it is not there. */
export function textOf(files: CrashingFiles, name: string): string {
  return new TextDecoder().decode(files.snapshot().get(join(RUN_FOLDER, name)) ?? new Uint8Array());
}
