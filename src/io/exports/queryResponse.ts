import { z } from 'zod';
import type { ExportFormat } from './format.js';
import { questionOption, responseOption, textColumn } from './prompts.js';

const schema = z.strictObject({
  format: z
    .literal('queryResponse')
    .describe('Columns `query` and `response`, as ScaleQuest published its sets.'),
  question: questionOption,
  response: responseOption,
});

export const queryResponse: ExportFormat<typeof schema> = {
  schema,
  describe: ({ question, response }) => ({
    reads: { [question]: 'string', [response]: 'string' },
    writes: [textColumn('query'), textColumn('response')],
  }),
  open:
    ({ question, response }) =>
    (row) => ({ query: row[question], response: row[response] }),
};
