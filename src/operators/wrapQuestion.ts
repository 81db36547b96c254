import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { drop, keep } from '../flow/outcome.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

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

export type WrapQuestionOptions = z.input<typeof options>;

export const wrapQuestionSpec: OperatorSpec<typeof options> = {
  name: 'wrapQuestion',
  summary: 'Writes each question as the text that a question generator is trained on.',
  details:
    'The data of ScaleQuest’s question fine-tuning (section 2.1): the opening of a user turn, the question, and the marker ' +
    'that ends it, so that the model learns to write a question after the bare opening, and to stop. The text begins ' +
    'without a begin-of-sequence marker: the trainer’s tokeniser adds that one. Train on the column `text`.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [{ name: 'text', type: 'string', help: 'The question between its opening and its end.' }],
  models: () => [],
  drops: { tooLong: 'the question has more characters than `charsMax`' },
  contract: IMMEDIATE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- wrapQuestion: { template: qwen2-math }`,
  operator: wrapQuestion,
};

export function wrapQuestion(input: WrapQuestionOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const shape = shapeOf(wrapQuestionSpec, parsed, context);
  if (!context.questionFrame) throw noTemplates();
  const { opening, end } = context.questionFrame(parsed.template);

  return mapRows(shape, (row) => {
    const question = (row['question'] as string).trim();
    if (question.length > parsed.charsMax) return drop('tooLong', `${question.length} characters`);
    return keep({ text: opening + question + end });
  });
}

function noTemplates(): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    'the context has no questionFrame, expected one: see createContext of the library',
  );
}
