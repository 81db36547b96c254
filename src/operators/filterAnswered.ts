import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { drop, keep } from '../flow/outcome.js';
import { finalAnswer } from '../text/finalAnswer.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  responsesMin: z
    .int()
    .min(1)
    .default(1)
    .describe('Drop a question left with fewer answered responses than this.'),
});

export type FilterAnsweredOptions = z.input<typeof options>;

export const filterAnsweredSpec: OperatorSpec<typeof options> = {
  name: 'filterAnswered',
  summary: 'Leaves out responses that state no final answer.',
  details:
    'A response counts as answered when it has a closed `\\boxed{…}` or says “The answer is …” (ScaleQuest, section 2.4), or has ' +
    'a line “Answer: …” or “#### …”. A question without enough of them is dropped.',
  options,
  reads: () => ({ responses: 'list<string>' }),
  writes: () => [
    { name: 'responses', type: 'list<string>', help: 'The responses that state a final answer.' },
  ],
  models: () => [],
  drops: { unanswered: 'too few of its responses state a final answer' },
  contract: IMMEDIATE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }
- filterAnswered: {}`,
  operator: filterAnswered,
};

export function filterAnswered(input: FilterAnsweredOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  return mapRows(shapeOf(filterAnsweredSpec, parsed, context), ({ responses }) => {
    const all = responses as string[];
    const answered = all.filter((response) => finalAnswer(response) !== null);
    const unanswered = all.length - answered.length;
    if (answered.length >= parsed.responsesMin) {
      return keep({ responses: answered }, unanswered > 0 ? { unanswered } : undefined);
    }
    return drop('unanswered', `${answered.length} of ${all.length} responses are answered`);
  });
}
