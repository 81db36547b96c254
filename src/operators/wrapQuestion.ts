import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  template: z
    .union([z.string(), z.strictObject({ tokenizer: z.string() })])
    .default('qwen2-math')
    .describe(
      'Template of the model to be trained: a name as in `models`, or `{ tokenizer: path }` of its tokenizer_config.json.',
    ),
  // Training takes 256 tokens (the paper's), of which opening and end are up to 16. Mathematics in LaTeX has three characters a token
  // or more, with digits one by one: (256 - 16) × 3.
  charsMax: z
    .int()
    .min(1)
    .default(720)
    .describe(
      'Drop a longer question: a trainer would cut it, and with it the marker that ends it. Fits 256 tokens, the paper’s; about ' +
        'three characters a token.',
    ),
});

/** Options of `wrapQuestion`. */
export interface WrapQuestionOptions {
  /**
   * Template of the model to be trained: a name as in `models`, or `{ tokenizer: path }` of its tokenizer_config.json.
   *
   * @default "qwen2-math"
   */
  template?: string | { tokenizer: string };
  /**
   * Drop a longer question: a trainer would cut it, and with it the marker that ends it. Fits 256 tokens, the paper’s;
   * about three characters a token.
   *
   * @default 720
   */
  charsMax?: number;
}

export const wrapQuestionSpec = defineSpec({
  name: 'wrapQuestion',
  summary: 'Writes each question as the text that a question generator is trained on.',
  details:
    'Makes the data of ScaleQuest’s question fine-tuning (section 2.1): the opening of a user message, ' +
    'the question, and the marker that ends it. From it the model learns to write a question after the ' +
    'bare opening, and to stop. The text begins without a begin-of-sequence marker, because the ' +
    'trainer’s tokeniser adds it. Train on the column `text`.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [{ name: 'text', type: 'string', help: 'The question between its opening and its end.' }],
  models: () => [],
  drops: { tooLong: 'the question has more characters than `charsMax`' },
  contract: IMMEDIATE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- wrapQuestion: { template: qwen2-math }`,
  operator: wrapQuestion,
});

/**
 * Writes each question as the text that a question generator is trained on.
 *
 * Reads `question` and writes `text`; drops as `tooLong`. Source: ScaleQuest (arXiv 2410.18693), section 2.1.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a template that is not known. The stream
 * ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(wrapQuestion({ template: 'qwen2-math' }, context));
 */
export function wrapQuestion(
  input: WrapQuestionOptions,
  context: RunContext,
): BatchOperator<{ question: string }, { text: string }> {
  const parsed = parseOptions('wrapQuestion', options, input);
  const shape = shapeOf(wrapQuestionSpec, parsed, context);
  if (!context.promptWrapper) throw noTemplates();
  const { opening, end } = context.promptWrapper(parsed.template);

  return mapRows(shape, (row) => {
    const question = row.question.trim();
    if (question.length > parsed.charsMax) return drop('tooLong', `${question.length} characters`);
    return keep({ text: opening + question + end });
  });
}

function noTemplates(): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    'the context has no promptWrapper, expected one: see createContext of the library',
  );
}
