import { z } from 'zod';
import type { Column } from '../arrow/columnType.js';
import type { BatchOperator } from '../flow/batch.js';
import type { AnyColumns, ColumnNamed } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { type Outcome, drop, keep } from '../flow/steps/outcome.js';
import { repeatedShare } from '../text/repeatedShare.js';
import { isRepetition } from '../text/repetition.js';
import {
  IMMEDIATE,
  type RunContext,
  type Threshold,
  defineSpec,
  parseOptions,
  shapeOf,
} from './lib/operator.js';
import { patternOption, patternsOf } from './lib/patternOption.js';

const count = z.int().min(1).optional();
const columnName = z
  .string()
  .min(1)
  .refine(
    (name) => !/^seq(Index)?$/.test(name),
    'seq and seqIndex are the row’s identity, and not to be written',
  )
  .optional();

const options = z
  .strictObject({
    column: z.string().min(1).default('question').describe('The column of texts to look at.'),
    charsMin: count.describe('Drop texts of fewer characters. No bound if absent.'),
    charsMax: count.describe('Drop texts of more characters. No bound if absent.'),
    wordsMin: count.describe(
      'Drop texts of fewer words; each Chinese or Japanese character is one. No bound if absent.',
    ),
    wordsMax: count.describe('Drop texts of more words. No bound if absent.'),
    matches: patternOption.optional().describe('Drop texts that this pattern (RE2) does not fit anywhere.'),
    refuses: patternOption.optional().describe('Drop texts that this pattern (RE2) fits somewhere.'),
    repetition: z
      .boolean()
      .default(false)
      .describe(
        'Drop texts that end in a loop: the same run of characters again and again, over 160 characters or more.',
      ),
    repeatedShareMax: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .describe(
        'Drop texts of whose characters a larger share stands in word n-grams that came before in the text, as Gopher does; 0.1 to ' +
          '0.2 are usual.',
      ),
    ngramWords: z.int().min(1).max(20).default(5).describe('Words of these n-grams.'),
    repeatedColumn: columnName.describe('Write that share into this column, for the same as `charsColumn`.'),
    charsColumn: columnName.describe(
      'Write the number of characters into this column: the report then tells what other bounds keep.',
    ),
    wordsColumn: columnName.describe('Write the number of words into this column, for the same.'),
  })
  .superRefine(checkBounds);

type Options = z.output<typeof options>;

/** Options of `filterText`. */
export interface FilterTextOptions<Name extends string = string> {
  /**
   * The column of texts to look at.
   *
   * @default "question"
   */
  column?: Name;
  /** Drop texts of fewer characters. No bound if absent. */
  charsMin?: number;
  /** Drop texts of more characters. No bound if absent. */
  charsMax?: number;
  /** Drop texts of fewer words; each Chinese or Japanese character is one. No bound if absent. */
  wordsMin?: number;
  /** Drop texts of more words. No bound if absent. */
  wordsMax?: number;
  /** Drop texts that this pattern (RE2) does not fit anywhere. */
  matches?: string;
  /** Drop texts that this pattern (RE2) fits somewhere. */
  refuses?: string;
  /**
   * Drop texts of whose characters a larger share stands in word n-grams that came before in the text, as Gopher does; 0.1 to 0.2 are
   * usual.
   */
  repeatedShareMax?: number;
  /**
   * Words of these n-grams.
   *
   * @default 5
   */
  ngramWords?: number;
  /** Write that share into this column, for the same as `charsColumn`. */
  repeatedColumn?: string;
  /**
   * Drop texts that end in a loop: the same run of characters again and again, over 160 characters or more.
   *
   * @default false
   */
  repetition?: boolean;
  /** Write the number of characters into this column: the report then tells what other bounds keep. */
  charsColumn?: string;
  /** Write the number of words into this column, for the same. */
  wordsColumn?: string;
}

export const filterTextSpec = defineSpec({
  name: 'filterText',
  summary: 'Drops rows by a text of theirs: its length, patterns, or repetition.',
  details:
    'Any column of texts will do: a question, a response, a document. Patterns have the syntax of RE2, and are found in time linear in ' +
    'the text, whatever it holds; there are no look-arounds and no back-references. `(?i)` at the start ignores case, `(?m)` lets ^ ' +
    'and $ stand for the ends of lines. Characters are counted as JavaScript does: an emoji counts two or more.',
  options,
  reads: ({ column }) => ({ [column]: 'string' }),
  writes: ({ charsColumn, wordsColumn, repeatedColumn, column }): Column[] => [
    ...(charsColumn ? [{ name: charsColumn, type: 'int32', help: `Characters of ${column}.` } as const] : []),
    ...(wordsColumn ? [{ name: wordsColumn, type: 'int32', help: `Words of ${column}.` } as const] : []),
    ...(repeatedColumn
      ? [{ name: repeatedColumn, type: 'float64', help: `Share of repeated n-grams in ${column}.` } as const]
      : []),
  ],
  models: () => [],
  drops: {
    tooShort: 'the text has fewer characters than `charsMin`',
    tooLong: 'the text has more characters than `charsMax`',
    tooFewWords: 'the text has fewer words than `wordsMin`',
    tooManyWords: 'the text has more words than `wordsMax`',
    noMatch: 'the pattern `matches` does not fit the text',
    refused: 'the pattern `refuses` fits the text',
    repetition: 'the text ends in a loop',
    repeatedNgrams: 'a larger share of the text than `repeatedShareMax` is repeated n-grams',
  },
  thresholds,
  contract: IMMEDIATE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- filterText: { charsMin: 20, wordsMax: 120, refuses: '(?i)\\bas an ai\\b', charsColumn: chars }`,
  operator: filterText,
});

/**
 * Drops rows by a text of theirs: its length, patterns, or repetition.
 *
 * Reads the column that `column` names, and writes those that `charsColumn`, `wordsColumn` and `repeatedColumn` name; drops as
 * `tooShort`, `tooLong`, `tooFewWords`, `tooManyWords`, `noMatch`, `refused`, `repetition` or `repeatedNgrams`, the first that applies.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(filterText({ column: 'document', charsMin: 200, refuses: '(?i)lorem ipsum' }, context));
 */
export function filterText<const Name extends string = 'question'>(
  input: FilterTextOptions<Name>,
  context: RunContext,
): BatchOperator<ColumnNamed<Name, string>, AnyColumns> {
  const parsed = parseOptions('filterText', options, input);
  const { column, charsMin = 0, charsMax = Infinity, wordsMin = 0, wordsMax = Infinity } = parsed;
  const { matches, refuses } = patternsOf(parsed);
  const { repeatedShareMax = Infinity, ngramWords } = parsed;
  const readsNgrams = parsed.repeatedShareMax !== undefined || parsed.repeatedColumn !== undefined;
  const countsWords = [parsed.wordsMin, parsed.wordsMax, parsed.wordsColumn].some(
    (each) => each !== undefined,
  );

  function fault(text: string, words: number, repeated: number): Outcome<never> | null {
    if (text.length < charsMin) return drop('tooShort', `characters ${text.length}`);
    if (text.length > charsMax) return drop('tooLong', `characters ${text.length}`);
    if (words < wordsMin) return drop('tooFewWords', `words ${words}`);
    if (words > wordsMax) return drop('tooManyWords', `words ${words}`);
    if (matches && !matches(text)) return drop('noMatch');
    if (refuses?.(text)) return drop('refused');
    if (parsed.repetition && isRepetition(text)) return drop('repetition');
    return repeated > repeatedShareMax ? drop('repeatedNgrams', `share ${repeated.toFixed(4)}`) : null;
  }

  const filtered: BatchOperator = mapRows(shapeOf(filterTextSpec, parsed, context), (row) => {
    const text = row[column] as string;
    const words = countsWords ? wordsIn(text) : wordsMin;
    const repeated = readsNgrams ? repeatedShare(text.match(WORD) ?? [], ngramWords) : 0;
    return fault(text, words, repeated) ?? keep(countsOf(parsed, text.length, words, repeated));
  });
  return filtered;
}

function countsOf(
  { charsColumn, wordsColumn, repeatedColumn }: Options,
  chars: number,
  words: number,
  repeated: number,
): Record<string, number> {
  return {
    ...(charsColumn === undefined ? {} : { [charsColumn]: chars }),
    ...(wordsColumn === undefined ? {} : { [wordsColumn]: words }),
    ...(repeatedColumn === undefined ? {} : { [repeatedColumn]: repeated }),
  };
}

const SINGLE = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
const WORD = new RegExp(String.raw`${SINGLE}|(?:(?!${SINGLE})\S)+`, 'gu');

/** Runs without a space, and each character of scripts that put none between words. */
export function wordsIn(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(WORD)) count += 1;
  return count;
}

function checkBounds(bounds: Options, context: z.RefinementCtx): void {
  const issue = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  const { charsMin, charsMax, wordsMin, wordsMax, matches, refuses, repetition, charsColumn, wordsColumn } =
    bounds;
  if (charsMin !== undefined && charsMax !== undefined && charsMin > charsMax)
    issue('charsMin', 'expected charsMin to be at most charsMax');
  if (wordsMin !== undefined && wordsMax !== undefined && wordsMin > wordsMax)
    issue('wordsMin', 'expected wordsMin to be at most wordsMax');
  const { repeatedShareMax, repeatedColumn } = bounds;
  if (charsColumn !== undefined && charsColumn === wordsColumn)
    issue('wordsColumn', 'expected another column than charsColumn');
  if (repeatedColumn !== undefined && [charsColumn, wordsColumn].includes(repeatedColumn))
    issue('repeatedColumn', 'expected another column than charsColumn and wordsColumn');
  const numbers = [charsMin, charsMax, wordsMin, wordsMax, repeatedShareMax];
  const all = [...numbers, matches, refuses, charsColumn, wordsColumn, repeatedColumn];
  if (!repetition && all.every((each) => each === undefined))
    context.addIssue({
      code: 'custom',
      message: 'expected a bound, a pattern or `repetition`: without one it drops nothing',
    });
}

function thresholds(parsed: Options): Threshold[] {
  const { charsMin, charsMax, wordsMin, wordsMax, repeatedShareMax } = parsed;
  const { charsColumn = null, wordsColumn = null, repeatedColumn = null } = parsed;
  const readsOther = parsed.matches !== undefined || parsed.refuses !== undefined || parsed.repetition;
  const isSet = (...bounds: (number | undefined)[]): boolean => bounds.some((each) => each !== undefined);
  const kinds = {
    chars: isSet(charsMin, charsMax),
    words: isSet(wordsMin, wordsMax),
    repeated: isSet(repeatedShareMax),
  };
  const isOnly = (kind: keyof typeof kinds): boolean =>
    !readsOther && Object.entries(kinds).every(([other, isThere]) => other === kind || !isThere);
  const ofChars = {
    meaning: 'characters',
    column: charsColumn,
    range: [0, null],
    isOnly: isOnly('chars'),
  } as const;
  const ofWords = {
    meaning: 'words',
    column: wordsColumn,
    range: [0, null],
    isOnly: isOnly('words'),
  } as const;
  const meaning = 'share of repeated n-grams';
  const ofRepeated = { meaning, column: repeatedColumn, range: [0, 1], isOnly: isOnly('repeated') } as const;
  const all = [
    { ...ofChars, option: 'charsMin', keeps: 'atLeast', value: charsMin ?? null, drops: 'tooShort' },
    { ...ofChars, option: 'charsMax', keeps: 'atMost', value: charsMax ?? null, drops: 'tooLong' },
    { ...ofWords, option: 'wordsMin', keeps: 'atLeast', value: wordsMin ?? null, drops: 'tooFewWords' },
    { ...ofWords, option: 'wordsMax', keeps: 'atMost', value: wordsMax ?? null, drops: 'tooManyWords' },
    {
      ...ofRepeated,
      ...{ option: 'repeatedShareMax', keeps: 'atMost', value: repeatedShareMax ?? null },
      drops: 'repeatedNgrams',
    },
  ] as const satisfies Threshold[];
  return all.filter(({ value, column }) => value !== null || column !== null);
}
