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
import { pairForm } from '../../src/operators/lib/judging/pairVerdict.js';
import { rubricForm } from '../../src/operators/lib/judging/rubric.js';
import { compileStructured, formOfColumns } from '../../src/operators/lib/structured/jsonColumns.js';
import { readForm } from '../../src/operators/lib/structured/replyForm.js';
import { afterThought, thoughtSplitter } from '../../src/text/afterThought.js';
import { boxesOf } from '../../src/text/boxes.js';
import { blocksIn } from '../../src/text/codeBlocks.js';
import { finalAnswer, referenceAnswer } from '../../src/text/finalAnswer.js';
import { readFinalQuestion } from '../../src/text/finalQuestion.js';
import { keyRedactor } from '../../src/text/redactKey.js';
import { compilePattern } from '../../src/text/pattern.js';
import { repeatedShare } from '../../src/text/repeatedShare.js';
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
    ownThought: thoughtSplitter({ open: '<scratch>', close: '</scratch>' }),
    code: (text) => blocksIn(text, 'python'),
    ...formReaders(),
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
    repeated: (text) => repeatedShare(text.split(' '), 5),
    words,
    benchmark: benchmarkWords,
    fingerprint: (text) => fingerprints.of(readShingles(text)),
    language: (text) => detectOther(text, ['en']),
  };
}

/** Readers of JSON in replies: each is given the text alone, and in a place of a reply where it stands in a string. */
function formReaders(): Record<string, ReadText> {
  const schema = { type: 'object', properties: { why: { type: 'string' } }, required: ['why'] };
  const typed = formOfColumns(compileStructured(schema));
  const rubric = rubricForm([{ name: 'clarity', description: 'x', scale: [1, 5] }]);
  const pair = pairForm();
  return {
    typed: (text) => readForm(text, typed),
    typedWithin: (text) => readForm(`So: {"why": "${text}"}`, typed),
    rubric: (text) => readForm(text, rubric),
    rubricWithin: (text) => readForm(`{"clarity": {"reason": "${text}", "score": 4}} ${text}`, rubric),
    pair: (text) => readForm(`${text} {"better": "A"}`, pair),
  };
}

/** Patterns of users cost more a character than readers of our own: they are measured, and held to no bound but linear time. */
export function patternReaders(): Record<string, ReadText> {
  return {
    pattern: compilePattern('(?i)(?:as an? (?:ai|language) \\w+)+\\s*$'),
    nestedPattern: compilePattern('^(?:(?:a|b|\\w)+\\s?)*!$'),
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
  ...[
    '<scratch>',
    '</scratch>',
    '{"',
    '{"a": ',
    '{"clarity": ',
    '{"better": "A"} ',
    '{"why": "\\alpha"} ',
    '```python\n',
    '~~~\n',
  ],
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
