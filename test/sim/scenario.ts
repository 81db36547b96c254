import type { CheckDeps } from '../../src/pipeline/check/checkDeps.js';
import { checkText } from '../helpers/runs/pipelineWorld.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { type Draws, createDraws } from './draws.js';
import type { NetworkPlan, Outage, Storm } from './network.js';
import { EMBEDDING_DIMENSIONS, STEP_TOKEN, TOKENS } from './replies.js';
import { type WorkersPlan, drawWorkers } from './workers.js';

/** Which calls count. */
export type Aim = 'any' | 'manifest';

/** How an attempt is brought to its end. */
export type Blow =
  | { kind: 'none' }
  /** The process or the machine dies at this call of the file system, or of the manifest. */
  | { kind: 'crash'; aim: Aim; atCall: number; part: number; isPowerCut: boolean }
  /** One call fails, or every call of that sort from there on. */
  | { kind: 'disk'; aim: Aim; atCall: number; part: number; errno: string; stays: boolean }
  /** Ctrl-C. */
  | { kind: 'cancel'; atMs: number }
  /** All servers go away for good. */
  | { kind: 'servers'; atMs: number };

export interface Attempt {
  windowRows: number;
  batchRows: number;
  replicas: number;
  requestsInFlightMax: number;
  declaresSlots: boolean;
  network: NetworkPlan;
  /** Most milliseconds a call of the file system takes. */
  fileMs: number;
  /** Null where the run is one process. */
  workers: WorkersPlan | null;
  blow: Blow;
}

export interface Scenario {
  seed: number;
  plan: Plan;
  /** Faults may use up retries: rows may be lost that a plain run keeps. */
  isLossy: boolean;
  /** Source positions after which a commit comes at the latest; those of any run if absent. */
  commitPositions: number | undefined;
  /** Replies are kept, from one start to the next. */
  hasStore: boolean;
  /** The last one has no blow. */
  attempts: Attempt[];
}

export const RETRIES_MAX = 5;
/** How long a server may do nothing but fail. */
export const UNREACHABLE_MS = 20_000;
const CALM: Attempt = {
  windowRows: 32,
  batchRows: 8,
  replicas: 1,
  requestsInFlightMax: 64,
  declaresSlots: false,
  network: {
    latencyMs: 20,
    slots: 64,
    hasMetrics: true,
    faultShare: 0,
    faultsMax: 0,
    outages: [],
    storms: [],
  },
  fileMs: 0,
  workers: null,
  blow: { kind: 'none' },
};

/** The run that nothing happens to. */
export const PLAIN_ATTEMPT = CALM;

export async function drawScenario(seed: number, more: Partial<CheckDeps> = {}): Promise<Scenario> {
  const draws = createDraws(seed, 'scenario');
  const isLossy = draws.chance(0.15);
  const pipeline = drawPipeline(draws.stream('pipeline'), seed, isLossy);
  const plan = await checkText(JSON.stringify(pipeline), [], more);
  const blows = draws.whole(0, 3);
  const attempts = Array.from({ length: blows + 1 }, (_, at) =>
    drawAttempt(draws.stream(`attempt ${at}`), isLossy, at < blows),
  );
  const cuts = draws.stream('commits');
  const commitPositions = cuts.chance(0.5) ? cuts.whole(1, 20) : undefined;
  return { seed, plan, isLossy, commitPositions, hasStore: draws.chance(0.5), attempts };
}

function drawPipeline(draws: Draws, seed: number, isLossy: boolean): object {
  const tail = draws.pick(TAILS);
  const middle = MIDDLES.filter(() => draws.chance(0.5));
  const semantic = draws.stream('semantic').chance(0.4) ? [SEMANTIC] : [];
  const first = draws.stream('sample').chance(0.3) ? [SAMPLE] : [];
  const domain = drawDomain(draws.stream('domain'), tail);
  const named = NAMED.filter((_, at) => draws.stream(`named ${at}`).chance(0.3));
  const limit = draws.whole(1, 45);
  const target = draws.whole(1, Math.min(18, limit));
  // Where most rows are lost, a target alone may be hours away.
  const isSparse =
    isLossy || semantic.length > 0 || named.length > 0 || domain.length > 0 || SPARSE_TAILS.includes(tail);
  const end = draws.pick([{ limit }, { limit, target }, isSparse ? { limit, target } : { target }]);
  return {
    name: 'sim',
    seed,
    ...end,
    models: {
      m: { openai: { model: 'sim', replicas: ['http://a/v1'] } },
      e: { embeddings: { model: 'sim', replicas: ['http://a/v1'] } },
      p: { pooling: { model: 'sim', replicas: ['http://a/v1'], stepToken: STEP_TOKEN } },
      s: { sandboxFusion: { replicas: ['http://a'] } },
    },
    operators: NAMED.flatMap((step) => Object.keys(step)).map((name) => `./operators/${name}.mjs`),
    steps: [
      ...first,
      { generate: { generators: [{ model: 'm' }], tokensMax: TOKENS.generate } },
      ...named,
      ...semantic,
      ...middle,
      ...domain,
      ...tail,
    ],
    output: { shardRows: draws.whole(1, 12), rowGroupRows: draws.whole(1, 8) },
  };
}

/** Operators of modules, as steps of their own names: one decides a row, one remembers, one asks a model. */
const NAMED = [
  { countWords: { wordsMin: 3 } },
  { limitEach: { rowsMax: 12 } },
  { nameTopic: { models: { namer: 'm' } } },
];

const SEMANTIC = {
  label: 'semantic',
  deduplicate: { by: 'embedding', model: 'e', similarityMin: 0.97, dimensions: EMBEDDING_DIMENSIONS },
};

const SAMPLE = {
  sample: {
    columns: {
      level: { list: ['easy', 'hard', 'odd'], weights: [3, 2, 1] },
      topic: { byColumn: 'level', lists: { easy: ['sums'], hard: ['logs', 'sines'], odd: ['riddles'] } },
      turns: { integers: [1, 4] },
    },
    tables: [{ path: '../models/heldout.jsonl', columns: { kind: 'string' }, n: 2, as: 'seeds' }],
  },
};

const MIDDLES = [
  { deduplicate: { similarityMin: 0.9 } },
  { judgeSolvability: { model: 'm', tokensMax: TOKENS.judge } },
  { scoreDifficulty: { model: 'm' } },
];

const RESPOND = { respond: { model: 'm', n: 3, tokensMax: TOKENS.respond } };

const TYPED_SCHEMA = {
  type: 'object',
  properties: {
    depth: { type: 'integer', minimum: 1, maximum: 5 },
    why: { type: 'string' },
    tests: { type: 'array', items: { type: 'string' } },
  },
  required: ['depth', 'tests'],
};

/** The steps that people begin with in other domains. */
function drawDomain(draws: Draws, tail: readonly object[]): object[] {
  const repairsMax = draws.whole(0, 2);
  const asked = (tokensMax: number): object => ({ model: 'm', tokensMax, repairsMax });
  const typed = {
    label: 'typed',
    prompt: { ...asked(TOKENS.typed), prompt: 'Tests for {{ question }}, as JSON.', json: TYPED_SCHEMA },
  };
  const talk = { model: 'm', tokensMax: TOKENS.talk, messages: 'talk' };
  const criteria = [{ name: 'clarity', description: 'Is it clear?', scale: [1, 5], min: draws.whole(1, 3) }];
  const n = draws.whole(1, 2);
  const rubric = { columns: ['question'], criteria, n, temperature: n > 1 ? 1 : 0 };
  const steps: [steps: object[], share: number][] = [
    [[{ filterText: { column: 'question', charsMin: 40, refuses: '5 coins' } }], 0.3],
    // Its column of tests is what the tail runs programs against.
    [[typed], tail === TESTED ? 1 : 0.3],
    [
      [
        { label: 'opening', prompt: { ...talk, prompt: '{{ question }}', opens: true } },
        { label: 'next', prompt: { ...talk, as: 'user' } },
      ],
      0.2,
    ],
    [[{ judge: { ...asked(TOKENS.rubric), ...rubric } }], 0.3],
  ];
  return steps.flatMap(([some, share]) => (draws.chance(share) ? some : []));
}

const TESTED = [
  RESPOND,
  { runTests: { sandbox: 's', extract: 'whole', shareMin: 0.5 } },
  { scoreReward: { model: 'm' } },
  { keepBest: { by: 'testShares' } },
];

const PAIRED = [
  RESPOND,
  {
    judgePair: { model: 'm', responses: 'responses', tokensMax: TOKENS.pair, temperature: 1, repairsMax: 1 },
  },
];

/** Of many pairs and programs few rows are left. */
const SPARSE_TAILS: readonly (readonly object[])[] = [TESTED, PAIRED];

const TAILS: readonly (readonly object[])[] = [
  [],
  [RESPOND],
  [RESPOND, { unnest: {} }],
  [RESPOND, { filterAnswered: {} }, { scoreReward: { model: 'm' } }, { keepBest: {} }],
  [
    RESPOND,
    { scoreReward: { model: 'm' } },
    { unnest: { texts: { responses: 'response' }, numbers: { rewards: 'reward' } } },
    { deduplicate: {}, label: 'again' },
  ],
  [RESPOND, { scoreReward: { model: 'p', method: 'steps' } }, { keepBest: {} }],
  TESTED,
  PAIRED,
];

function drawAttempt(draws: Draws, isLossy: boolean, isHit: boolean): Attempt {
  const batchRows = draws.whole(1, 12);
  return {
    windowRows: draws.whole(batchRows, 60),
    batchRows,
    replicas: draws.whole(1, 3),
    requestsInFlightMax: draws.whole(1, 40),
    declaresSlots: draws.chance(0.3),
    network: drawNetwork(draws.stream('network'), isLossy),
    fileMs: draws.pick([0, 2, 40]),
    workers: drawWorkers(draws.stream('workers')),
    blow: isHit ? drawBlow(draws.stream('blow')) : { kind: 'none' },
  };
}

function drawNetwork(draws: Draws, isLossy: boolean): NetworkPlan {
  const isQuiet = draws.chance(0.3);
  const outages = Array.from({ length: isQuiet ? 0 : draws.whole(0, 2) }, () => drawOutage(draws));
  const storms = Array.from({ length: isQuiet ? 0 : draws.whole(0, 1) }, (): Storm => {
    const retryAfter = draws.chance(0.5) ? `${draws.whole(1, 4)}` : undefined;
    return { ...drawOutage(draws), status: draws.pick([429, 503]), retryAfter };
  });
  return {
    latencyMs: draws.pick([1, 20, 400]),
    slots: draws.whole(1, 16),
    hasMetrics: draws.chance(0.5),
    faultShare: isQuiet ? 0 : draws.pick([0.02, 0.2, isLossy ? 0.9 : 0.5]),
    faultsMax: isLossy ? 100 : 2,
    outages,
    storms,
  };
}

function drawOutage(draws: Draws): Outage {
  const fromMs = draws.whole(0, 4000);
  const url = draws.pick([undefined, serverUrl(0), serverUrl(1)]);
  return { url, fromMs, toMs: fromMs + draws.whole(50, 12_000) };
}

export function serverUrl(at: number): string {
  return `http://server-${at}/v1`;
}

function drawBlow(draws: Draws): Blow {
  // Most runs make 50 to 300 calls; an end near the start or the finish is worth as much as one in the middle.
  const aim: Aim = draws.chance(0.3) ? 'manifest' : 'any';
  const atCall = aim === 'manifest' ? draws.whole(0, 24) : Math.floor(draws.uniform() ** 2 * 260);
  const part = draws.pick([0, 0.5, 0.999, 1]);
  const kind = draws.pick(['crash', 'crash', 'disk', 'disk', 'cancel', 'servers'] as const);
  if (kind === 'crash') return { kind, aim, atCall, part, isPowerCut: draws.chance(0.6) };
  if (kind === 'disk') {
    const errno = draws.pick(['ENOSPC', 'EIO', 'EDQUOT', 'EMFILE']);
    return { kind, aim, atCall, part, errno, stays: draws.chance(0.5) };
  }
  return { kind, atMs: Math.floor(draws.uniform() ** 2 * 8000) };
}
