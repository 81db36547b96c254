import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { statedAnswer } from '../text/finalAnswer.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  responsesMin: z
    .int()
    .min(1)
    .default(1)
    .describe('Drop a question left with fewer answered responses than this.'),
});

/** Options of `filterAnswered`. */
export interface FilterAnsweredOptions {
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
    'A response counts as answered when it has a closed `\\boxed{…}` or says “The answer is …” ' +
    '(ScaleQuest, section 2.4), or when it has `<answer>…</answer>`, a line “Answer: …” or “#### …”, or a ' +
    'heading “Final Answer”. What stands in a thought (`<think>…</think>`) does not count. A question with ' +
    'too few answered responses is dropped.',
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
  return mapRows(shapeOf(filterAnsweredSpec, parsed, context), ({ responses: all }) => {
    const answered = all.filter((response) => statedAnswer(response) !== null);
    const unanswered = all.length - answered.length;
    if (answered.length >= parsed.responsesMin) {
      return keep({ responses: answered }, unanswered > 0 ? { unanswered } : undefined);
    }
    return drop('unanswered', `${answered.length} of ${all.length} responses are answered`);
  });
}
