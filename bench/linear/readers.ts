import { parseReplyJson } from '../../src/backends/server/replyJson.js';
import { GRADE_LIMITS } from '../../src/grade/compare/budget.js';
import { gradeOne } from '../../src/grade/compare/gradeOne.js';
import { readVerdict } from '../../src/operators/judgeSolvability.js';
import { benchmarkWords } from '../../src/operators/lib/benchmarkIndex.js';
import { loadLanguageDetector } from '../../src/language/detectOther.js';
import { createBands } from '../../src/operators/lib/near/bands.js';
import { createFingerprints } from '../../src/operators/lib/near/fingerprint.js';
import { shinglesReader } from '../../src/operators/lib/near/shingles.js';
import { compilePrompt } from '../../src/operators/lib/prompts/prompt.js';
import { words } from '../../src/operators/lib/words.js';
import { ScaleQuestError } from '../../src/errors.js';
import { afterThought } from '../../src/text/afterThought.js';
import { boxesOf } from '../../src/text/boxes.js';
import { finalAnswer, referenceAnswer } from '../../src/text/finalAnswer.js';
import { readFinalQuestion } from '../../src/text/finalQuestion.js';
import { keyRedactor } from '../../src/text/redactKey.js';
import { isRepetition } from '../../src/text/repetition.js';

/** Reads a text that comes from outside, of any length; may throw an error of ours. */
export type ReadText = (text: string) => unknown;

const start = { seed: 1, limits: GRADE_LIMITS };

/** Every reader of texts of models, servers and sources. */
export async function textReaders(): Promise<Record<string, ReadText>> {
  const detectOther = await loadLanguageDetector();
  const readShingles = shinglesReader({ ignoreNumbers: false });
  const fingerprints = createFingerprints(createBands(0.8));
  const context = { prompt: () => 'Solve: {{ question }}' } as unknown as Parameters<typeof compilePrompt>[0];
  const prompt = compilePrompt(context, 'respond', undefined, ['question']);
  return {
    thought: afterThought,
    boxes: boxesOf,
    answer: finalAnswer,
    reference: referenceAnswer,
    question: readFinalQuestion,
    verdict: readVerdict,
    repetition: isRepetition,
    grade: (text) => gradeOne({ gold: '7', answer: text, others: [] }, start),
    json: parseReplyJson,
    key: keyRedactor('secret-key-of-a-user'),
    prompt: (text) => prompt({ question: text }),
    words,
    benchmark: benchmarkWords,
    fingerprint: (text) => fingerprints.of(readShingles(text)),
    language: (text) => detectOther(text, ['en']),
  };
}

/** What a text consists of: one of these, again and again. */
const PIECES: readonly string[] = [
  ...['a', 'word ', '7', '7,', ' ', '\n', '\t', '.', '. ', ', ', '*', '* ', '**', '#', '# ', '|', '- ', '_'],
  ...[
    '{',
    '}',
    '{}',
    '[',
    '(',
    ')',
    '$',
    '$ ',
    '\\',
    '\\\\',
    '"',
    '\\"',
    '`',
    '```\n',
    '<',
    '中',
    '\u200b',
    'é',
  ],
  ...['\\boxed{', '\\boxed{}', '\\boxed ', '\\boxed 7 ', '\\frac{', '\\text{', '\\left(', 'x^', '1/', '\\['],
  ...['<think>', '</think>', '<answer>', '</answer>', '<|channel|>', '◁think▷', '<|'],
  ...[
    'the answer is ',
    'the answer is not ',
    'the answer to the ',
    'Answer: ',
    'Answer',
    '#### ',
    '| Answer |',
  ],
  ...[
    'final answer\n',
    'Final answer: the x is ',
    '答案',
    'so it is 7. ',
    'final question: ',
    'final final ',
  ],
  ...['Step 1: ', '\nSolution: ', ' ** final ', 'yes ', 'no ', 'no...', 'NaN', 'NaN,', '"NaN', '"\\\\'],
];

/** Readers that make a word of each character take longest for each text: a few kinds of it are enough. */
const WORD_READERS = ['words', 'benchmark', 'fingerprint'];
const WORD_PIECES = ['a', 'word ', '7,', '中', '*', 'é'];

export function makesWords(reader: string): boolean {
  return WORD_READERS.includes(reader);
}

export function piecesFor(reader: string): readonly string[] {
  return makesWords(reader) ? WORD_PIECES : PIECES;
}

/** True where the text was read, or refused with a code. */
export function isRead(read: ReadText, text: string): boolean {
  try {
    read(text);
    return true;
  } catch (error) {
    return error instanceof ScaleQuestError;
  }
}

/** CPU of this process, in milliseconds. */
export function cpuMsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** In one piece, as texts come: the first reader of a repeated string would pay for joining it. */
export function textOf(piece: string, chars: number): string {
  const repeated = piece.repeat(Math.ceil(chars / piece.length)).slice(0, chars);
  return Buffer.from(repeated).toString();
}
