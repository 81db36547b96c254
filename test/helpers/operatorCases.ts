import { join } from 'node:path';
import type { CompleteRequest } from '../../src/backends/model.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { loadCustomOperator } from '../../src/operators/custom.js';
import type { OperatorSpec, RunContext } from '../../src/operators/lib/operator.js';
import { loadOperator } from '../../src/operators/registry.js';
import { deriveSeed } from '../../src/random.js';
import type { Input } from './runs/runOperator.js';
import { type Script, messageText } from './scriptedModel.js';
import { tableOf } from './tableOf.js';
import type { Table } from '../../src/arrow/table.js';

/** One case an operator, for what must hold of all of them: options and rows that keep, drop and reject. */
export interface OperatorCase {
  options: Record<string, unknown>;
  input: Input;
  context?: Partial<RunContext>;
}

const QUESTIONS = Array.from({ length: 23 }, (_, seq) => {
  if (seq % 7 === 3) return `Tom buys ${seq - 3} apples and ${seq} pears. How many pieces of fruit has he?`;
  if (seq % 5 === 4) return 'Combien de pommes restent quand trois enfants en prennent deux chacun?';
  return seq % 3 === 2
    ? 'Why?'
    : `Tom buys ${seq} apples and ${seq + 3} pears. How many pieces of fruit has he?`;
});

const RESPONSES = QUESTIONS.map((_, seq) =>
  Array.from({ length: seq % 4 }, (_, at) => (at % 2 === 0 ? `\\boxed{${seq % 3}}` : `unsure ${at}`)),
);

const QUESTION_INPUT: Input = {
  columns: { question: 'string' },
  rows: QUESTIONS.map((question) => ({ question })),
};
const RESPONSES_INPUT: Input = {
  columns: { question: 'string', responses: 'list<string>', rewards: 'list<float64>' },
  rows: QUESTIONS.map((question, seq) => ({
    question,
    responses: RESPONSES[seq]!,
    rewards: RESPONSES[seq]!.map((_, at) => ((seq * 3 + at * 5) % 7) / 7),
  })),
};

const TABLES: Record<string, Table> = {
  'topics.jsonl': tableOf({ topic: ['sum', 'log'], level: ['easy', 'hard'], weight: [1, 2] }),
  'seeds.jsonl': tableOf({ seed: ['a', 'b', 'c'] }),
};

export const OPERATOR_CASES: Record<string, OperatorCase> = {
  generate: {
    options: { generators: [{ model: 'tiny', weight: 2 }, { model: 'other' }] },
    input: { columns: {}, rows: QUESTIONS.map(() => ({})) },
  },
  sample: {
    options: {
      columns: {
        level: { list: ['easy', 'hard', 'odd'], weights: [2, 2, 1] },
        age: { integers: [6, 12] },
        height: { normal: { mean: 150, deviation: 9, min: 120 }, decimals: 1 },
      },
      tables: [
        { path: 'topics.jsonl', columns: { topic: 'string' }, where: { level: 'level' }, weight: 'weight' },
        { path: 'seeds.jsonl', columns: { seed: 'string' }, n: 2, as: 'seeds' },
      ],
    },
    input: QUESTION_INPUT,
    context: { table: (path) => TABLES[path]! },
  },
  rewrite: {
    options: { model: 'tiny', charsMax: 28 },
    input: {
      columns: { question: 'string', generator: 'string' },
      rows: QUESTIONS.map((question, seq) => ({ question, generator: seq % 2 === 0 ? 'tiny' : 'other' })),
    },
  },
  deduplicate: { options: {}, input: QUESTION_INPUT },
  decontaminate: {
    options: { benchmarks: [{ path: 'test.jsonl' }], wordsMin: 4 },
    input: QUESTION_INPUT,
    context: { texts: () => ['Do you know why? Why?', 'Ann buys 4 apples and 7 pears.', 'Why!'] },
  },
  filterLanguage: { options: { method: 'both' }, input: QUESTION_INPUT },
  judgeSolvability: { options: { model: 'tiny' }, input: QUESTION_INPUT },
  scoreDifficulty: { options: { model: 'tiny', method: 'disagreement', n: 3 }, input: QUESTION_INPUT },
  sampleDifficulty: {
    options: { min: 0.1, max: 0.9, keepShares: [0.5, 0.7] },
    input: {
      columns: { difficulty: 'float64' },
      rows: QUESTIONS.map((_, seq) => ({ difficulty: seq / 22 })),
    },
  },
  filterReference: {
    options: { answerColumn: 'solution' },
    input: {
      columns: { question: 'string', solution: 'string' },
      rows: QUESTIONS.map((question, seq) => ({
        question,
        solution: ['#### 3', ' ', '\\boxed{}', '7'][seq % 4]!,
      })),
    },
  },
  prompt: {
    options: { model: 'tiny', prompt: '{{ question }} ({{ seq }})', column: 'answer' },
    input: QUESTION_INPUT,
  },
  respond: { options: { model: 'tiny', n: 1 }, input: QUESTION_INPUT },
  filterText: {
    options: { charsMin: 5, wordsMax: 14, refuses: '(?i)combien', charsColumn: 'chars' },
    input: QUESTION_INPUT,
  },
  filterAnswered: { options: {}, input: RESPONSES_INPUT },
  judge: {
    options: {
      model: 'tiny',
      columns: ['question'],
      criteria: [{ name: 'clarity', description: 'Is it clear?', scale: [1, 5], min: 3 }],
    },
    input: QUESTION_INPUT,
  },
  judgePair: { options: { model: 'tiny', responses: 'responses' }, input: RESPONSES_INPUT },
  scoreReward: { options: { model: 'tiny' }, input: RESPONSES_INPUT },
  runTests: {
    options: { sandbox: 'tiny', shareMin: 0.3 },
    input: {
      columns: { responses: 'list<string>', tests: 'list<string>' },
      rows: QUESTIONS.map((_, seq) => ({
        responses: ['```python\nx = 1\n```', 'no program', `\`\`\`\nx = ${seq}\n\`\`\``].slice(0, seq % 4),
        tests: Array.from({ length: seq % 5 }, (_, at) => `assert x == ${at}`),
      })),
    },
  },
  keepBest: { options: { among: 'majority', rewardMin: 0.2 }, input: RESPONSES_INPUT },
  measureAccuracy: {
    options: { ks: [2] },
    input: {
      columns: { corrects: 'list<bool>', answerClasses: 'list<float64>' },
      nullable: ['answerClasses'],
      rows: QUESTIONS.map((_, seq) => ({
        corrects: [null, true, false].slice(0, seq % 4),
        answerClasses: seq % 5 === 0 ? null : [null, 1, 2].slice(0, seq % 4),
      })),
    },
  },
  rateFailures: {
    options: {},
    input: {
      columns: { corrects: 'list<bool>' },
      rows: QUESTIONS.map((_, seq) => ({ corrects: [null, true, false].slice(0, seq % 4) })),
    },
  },
  calibrateDifficulty: {
    options: { parts: 3 },
    input: {
      columns: { difficulty: 'float64', failRate: 'float64' },
      nullable: ['difficulty', 'failRate'],
      rows: QUESTIONS.map((_, seq) => ({
        difficulty: seq % 5 === 0 ? null : seq / 22,
        failRate: seq % 7 === 2 ? null : (seq % 3) / 2,
      })),
    },
  },
  wrapQuestion: { options: { charsMax: 60 }, input: QUESTION_INPUT },
  unnest: { options: { numbers: { rewards: 'reward' } }, input: RESPONSES_INPUT },
  gradeAnswer: {
    options: {},
    input: {
      columns: { answer: 'string', responses: 'list<string>' },
      rows: RESPONSES.map((responses, seq) => ({ answer: seq % 6 === 5 ? ' ' : `${seq % 2}`, responses })),
    },
  },
  custom: { options: { path: countWordsPath(), options: { wordsMin: 3 } }, input: QUESTION_INPUT },
};

export function countWordsPath(): string {
  return join(PACKAGE_FOLDER, 'pipelines', 'operators', 'countWords.mjs');
}

/** The operator of a name; of `custom`, with the example's module loaded. */
export async function specOf(name: string): Promise<OperatorSpec> {
  if (name !== 'custom') return (await loadOperator(name))!;
  return (await loadCustomOperator({
    file: countWordsPath(),
    exported: 'default',
  })) as unknown as OperatorSpec;
}

/** A model that answers from the message and the seed alone: sound, empty, cut off and unclear replies are among them. */
export const MIXED_SCRIPT: Script = {
  complete: ({ n, ...request }) => Array.from({ length: n }, (_, at) => mixedReply(request, at)),
  choose: (request) => {
    const draw = deriveSeed(0, messageText(request), 0) % 8;
    return request.options.map((_, at) => (draw === 0 ? 0 : ((draw + at) % 5) / 5 / request.options.length));
  },
  execute: ({ program, tests }) => {
    const items = tests.kind === 'asserts' ? tests.asserts : tests.inputs;
    return items.map((item) => {
      const isOk = deriveSeed(0, program + item, 0) % 2 === 0;
      return { isOk, text: isOk ? '' : 'assert failed' };
    });
  },
};

function mixedReply(request: Omit<CompleteRequest, 'n'>, at: number) {
  const draw = deriveSeed(request.seed, messageText(request), at) % 10;
  if (draw === 0) return '';
  if (draw === 1) return { text: `cut ${request.seed}`, finish: 'length' as const };
  if (draw === 2) return 'Perhaps';
  const form = /^\{ "reason"|^ {2}"(\w+)": \{ "reason"/m.exec(messageText(request));
  if (form?.[1]) return JSON.stringify({ [form[1]]: { reason: `r ${draw}`, score: 1 + (draw % 5) } });
  if (form) return JSON.stringify({ reason: `r ${draw}`, better: draw < 6 ? 'A' : 'B' });
  return `Final question: Reply ${request.seed % 97}: \\boxed{${draw % 3}}. ${draw % 2 === 0 ? 'Yes' : 'No'}`;
}
