import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { afterThought } from '../text/afterThought.js';
import { codeBlocks } from '../text/codeBlocks.js';
import { statedAnswer } from '../text/finalAnswer.js';
import { compilePattern } from '../text/pattern.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';
import { patternOption } from './lib/patternOption.js';

const options = z
  .strictObject({
    by: z
      .enum(['mark', 'pattern', 'codeBlock', 'json'])
      .default('mark')
      .describe(
        'What makes a response an answer: `mark` is the mark of a final answer in mathematics, `pattern` a place that `pattern` fits, ' +
          '`codeBlock` a closed block of code, `json` a JSON object or list.',
      ),
    pattern: patternOption
      .optional()
      .describe('With `pattern`: a pattern (RE2) that must fit the answer somewhere.'),
    languages: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('With `codeBlock`: the words behind the fence that count, as [python, py]; any if absent.'),
    field: z
      .string()
      .min(1)
      .optional()
      .describe(
        'With `json`: a field that must be there and not null, as `answer` or `result.answer`; none if absent.',
      ),
    responsesMin: z
      .int()
      .min(1)
      .default(1)
      .describe('Drop a question left with fewer answered responses than this.'),
  })
  .superRefine(({ by, ...own }, context) => {
    for (const [key, method] of [
      ['pattern', 'pattern'],
      ['languages', 'codeBlock'],
      ['field', 'json'],
    ] as const) {
      if (own[key] === undefined || by === method) continue;
      context.addIssue({
        code: 'custom',
        path: [key],
        message: `expected \`by: ${method}\` beside it, found ${by}`,
      });
    }
    if (by === 'pattern' && own.pattern === undefined)
      context.addIssue({ code: 'custom', path: ['by'], message: 'expected `pattern` beside it' });
  });

type Options = z.output<typeof options>;

/** Options of `filterAnswered`. */
export interface FilterAnsweredOptions {
  /**
   * What makes a response an answer: `mark` is the mark of a final answer in mathematics, `pattern` a place that `pattern` fits,
   * `codeBlock` a closed block of code, `json` a JSON object or list.
   *
   * @default "mark"
   */
  by?: 'mark' | 'pattern' | 'codeBlock' | 'json';
  /** With `pattern`: a pattern (RE2) that must fit the answer somewhere. */
  pattern?: string;
  /** With `codeBlock`: the words behind the fence that count, as [python, py]; any if absent. */
  languages?: string[];
  /** With `json`: a field that must be there and not null, as `answer` or `result.answer`; none if absent. */
  field?: string;
  /**
   * Drop a question left with fewer answered responses than this.
   *
   * @default 1
   */
  responsesMin?: number;
}

export const filterAnsweredSpec = defineSpec({
  name: 'filterAnswered',
  summary: 'Leaves out responses that state no final answer.',
  details:
    'By `mark`, a response counts as answered when it has a closed `\\boxed{…}` or says “The answer is …” ' +
    '(ScaleQuest, section 2.4), or when it has `<answer>…</answer>`, a line “Answer: …” or “#### …”, or a ' +
    'heading “Final Answer”. By `codeBlock`, it has a fenced block that is closed and not empty; by `json`, all of it, or one of its ' +
    'fenced blocks, is a JSON object or list. What stands in a thought (`<think>…</think>`) does not count. A question with ' +
    'too few answered responses is dropped. Patterns have the syntax of RE2, and are found in time linear in the response.',
  options,
  reads: () => ({ responses: 'list<string>' }),
  writes: () => [
    { name: 'responses', type: 'list<string>', help: 'The responses that state a final answer.' },
  ],
  models: () => [],
  drops: { unanswered: 'too few of its responses state a final answer' },
  contract: IMMEDIATE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }
- filterAnswered: {}`,
  operator: filterAnswered,
});

/**
 * Leaves out responses that state no final answer, and drops questions left with too few.
 *
 * Reads and writes `responses`; drops as `unanswered`. Source: ScaleQuest (arXiv 2410.18693), section 2.4.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(respond({ model: 'tiny' }, context), filterAnswered({ responsesMin: 2 }, context));
 */
export function filterAnswered(
  input: FilterAnsweredOptions,
  context: RunContext,
): BatchOperator<{ responses: readonly string[] }, { responses: readonly string[] }> {
  const parsed = parseOptions('filterAnswered', options, input);
  const isAnswered = answerTest(parsed);
  return mapRows(shapeOf(filterAnsweredSpec, parsed, context), ({ responses: all }) => {
    const answered = all.filter(isAnswered);
    const unanswered = all.length - answered.length;
    if (answered.length >= parsed.responsesMin) {
      return keep({ responses: answered }, unanswered > 0 ? { unanswered } : undefined);
    }
    return drop('unanswered', `${answered.length} of ${all.length} responses are answered`);
  });
}

function answerTest({ by, pattern, languages, field }: Options): (response: string) => boolean {
  if (by === 'pattern') {
    const fits = compilePattern(pattern!);
    return (response) => fits(afterThought(response));
  }
  if (by === 'codeBlock') {
    const wanted = languages?.map((language) => language.toLowerCase());
    return (response) =>
      codeBlocks(afterThought(response)).some(
        ({ language, code }) => code.trim() !== '' && (wanted?.includes(language) ?? true),
      );
  }
  if (by === 'json')
    return (response) => jsonTexts(afterThought(response)).some((text) => holdsField(text, field));
  return (response) => statedAnswer(response) !== null;
}

/** All of an answer, and what stands in its blocks of code. */
function jsonTexts(answer: string): string[] {
  return [answer, ...codeBlocks(answer).map(({ code }) => code)];
}

function holdsField(text: string, field: string | undefined): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  for (const key of field?.split('.') ?? []) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  return field === undefined ? typeof value === 'object' && value !== null : value !== null;
}
