import { z } from 'zod';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { afterThought } from '../text/afterThought.js';
import { completeUsable, readingReply, samplingOptions } from './lib/completion.js';
import { compilePrompts } from './lib/prompts/prompt.js';
import {
  defineSpec,
  ROWWISE,
  type RunContext,
  parseOptions,
  modelOf,
  rowSeed,
  shapeOf,
} from './lib/operator.js';

const options = z.strictObject({
  model: z.string().describe('A name from `models`: the judge.'),
  prompt: z
    .string()
    .optional()
    .describe(
      'Prompt, as a file or as the text itself, with {{ question }} and any other column; the reply must end with Yes or No. ' +
        'Built in if absent.',
    ),
  method: z
    .enum(['reasoned', 'probability'])
    .default('reasoned')
    .describe(
      '`reasoned` lets the judge think and reads the verdict at the end of its reply; `probability` reads the ' +
        'probability of Yes against No as the very first token, which costs one token.',
    ),
  yesMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('With `probability`: keep a question when P(Yes) / (P(Yes) + P(No)) is at least this.'),
  ...samplingOptions({ temperature: 0, topP: 1, tokensMax: 2048 }),
});

/** Options of `judgeSolvability`. */
export interface JudgeSolvabilityOptions {
  /** A name from `models`: the judge. */
  model: string;
  /**
   * Prompt, as a file or as the text itself, with {{ question }} and any other column; the reply must end with Yes or No.
   * Built in if absent.
   */
  prompt?: string;
  /**
   * `reasoned` lets the judge think and reads the verdict at the end of its reply; `probability` reads the probability of
   * Yes against No as the very first token, which costs one token.
   *
   * @default "reasoned"
   */
  method?: 'reasoned' | 'probability';
  /**
   * With `probability`: keep a question when P(Yes) / (P(Yes) + P(No)) is at least this.
   *
   * @default 0.5
   */
  yesMin?: number;
  /**
   * Sampling temperature; 0 is greedy.
   *
   * @default 0
   */
  temperature?: number;
  /**
   * Nucleus sampling: the share of probability kept.
   *
   * @default 1
   */
  topP?: number;
  /**
   * Longest completion, in tokens.
   *
   * @default 2048
   */
  tokensMax?: number;
}

export const judgeSolvabilitySpec = defineSpec({
  name: 'judgeSolvability',
  summary: 'Asks a model whether the question can be solved from what it says, and drops it if not.',
  details:
    'This is ScaleQuest’s solvability filter (section 2.3; Qwen2-Math-7B-Instruct at temperature 0). It ' +
    'dropped 19.4 % of the paper’s questions. The verdict is read at the end of the reply: the last word ' +
    'must be Yes or No, so “No … yes, if” does not pass; what stands in a thought ' +
    '(`<think>…</think>`) does not count. A reply without a verdict rejects the row with ROW_UNCLEAR.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [
    { name: 'verdict', type: 'string', help: 'The judge’s reply, or P(Yes) with `probability`.' },
  ],
  models: ({ model, method }) => [
    { model, needs: method === 'reasoned' ? 'complete' : 'choose', at: ['model'] },
  ],
  prompts: ({ prompt: given }) => [{ name: 'judgeSolvability', given, at: ['prompt'] }],
  drops: { unsolvable: 'the judge’s verdict is No' },
  thresholds: ({ method, yesMin }) =>
    method === 'probability'
      ? [
          {
            ...{ option: 'yesMin', meaning: 'P(Yes) of the judge', keeps: 'atLeast', value: yesMin },
            ...{ column: 'verdict', drops: 'unsolvable', range: [0, 1], decimals: 4, isOnly: true },
          },
        ]
      : [],
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- judgeSolvability: { model: tiny, tokensMax: 64 }`,
  operator: judgeSolvability,
});

/**
 * Asks a model whether a question can be solved from what it says, and drops it if not.
 *
 * Reads `question` and writes `verdict`, the judge’s reply or P(Yes); drops as `unsolvable`. Source: ScaleQuest (arXiv
 * 2410.18693), section 2.3.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt that uses no column. The
 * stream ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(judgeSolvability({ model: 'judge', method: 'probability', yesMin: 0.7 }, context));
 */
export function judgeSolvability(
  input: JudgeSolvabilityOptions,
  context: RunContext,
): BatchOperator<{ question: string }, { verdict: string }> {
  const parsed = parseOptions('judgeSolvability', options, input);
  const { model: name, method, yesMin, temperature, topP, tokensMax } = parsed;
  const [prompt] = compilePrompts(judgeSolvabilitySpec, parsed, context);
  const shape = shapeOf(judgeSolvabilitySpec, parsed, context, [prompt!]);

  return mapRows(shape, async (row) => {
    const { seq } = row;
    const model = modelOf(context, name);
    const message = { kind: 'user', text: prompt!(row) } as const;
    if (method === 'probability') {
      const [yes, no] = await model.choose({ seq, message, options: ['Yes', 'No'] });
      const share = yesShare(yes!, no!);
      return share >= yesMin
        ? keep({ verdict: share.toFixed(4) })
        : drop('unsolvable', `P(Yes) ${share.toFixed(4)}`);
    }
    const seed = rowSeed(context, shape.step, row);
    const ask = { seq, message, n: 1, temperature, topP, tokensMax, seed };
    const [verdict] = (await completeUsable(model, ask)).texts;
    return readingReply(verdict!, readVerdict)
      ? keep({ verdict: verdict! })
      : drop('unsolvable', 'the reply ends with No', verdict);
  });
}

const LAST_WORD = /\b(yes|no)\b[^\p{L}\p{N}]*$/iu;
/** Punctuation and markup behind a last word are shorter. */
const END_CHARS = 200;

/**
 * True for a reply that ends with Yes, false for one that ends with No; markup and punctuation around it are ignored, and so is a
 * thought before it.
 */
export function readVerdict(reply: string): boolean {
  const last = LAST_WORD.exec(afterThought(reply).trimEnd().slice(-END_CHARS))?.[1]?.toLowerCase();
  if (last === 'yes') return true;
  if (last === 'no') return false;
  throw new RowError(
    'ROW_UNCLEAR',
    `the reply ends with "${reply.slice(-40)}", expected Yes or No as its last word`,
  );
}

/** P(Yes) against P(No). */
export function yesShare(yes: number, no: number): number {
  if (yes + no > 0) return yes / (yes + no);
  throw new RowError('ROW_SCORE_INVALID', 'neither Yes nor No is among the likely first tokens of the reply');
}
