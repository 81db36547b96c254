import { z } from 'zod';
import type { ExportFormat } from './format.js';
import { fileTypeOption } from './fileType.js';
import {
  columnName,
  fillQuestion,
  questionOption,
  responseOption,
  textColumn,
  userOption,
} from './prompts.js';
import {
  COLUMN_NEEDS_REASONING,
  reasoningReads,
  replyOfRow,
  textReplyOptions,
  usesReasoningColumn,
} from './replies.js';

const schema = z
  .strictObject({
    format: z
      .literal('alpaca')
      .describe(
        'Columns `instruction`, `input` and `output`, as Stanford Alpaca published them; `input` is empty unless it has a column.',
      ),
    question: questionOption,
    response: responseOption,
    user: userOption,
    input: columnName
      .optional()
      .describe('Column with what the instruction is about, as a schema or a document.'),
    ...textReplyOptions,
    fileType: fileTypeOption,
  })
  .refine(usesReasoningColumn, COLUMN_NEEDS_REASONING);

export const alpaca: ExportFormat<typeof schema> = {
  schema,
  describe: (options) => ({
    reads: {
      ...{ [options.question]: 'string', [options.response]: 'string' },
      ...(options.input === undefined ? {} : { [options.input]: 'string' }),
      ...reasoningReads(options),
    },
    writes: ['instruction', 'input', 'output'].map((name) => textColumn(name)),
  }),
  open: (options) => (row) => ({
    instruction: fillQuestion(options.user, row[options.question] as string),
    input: options.input === undefined ? '' : row[options.input],
    output: replyOfRow(options, row, row[options.response] as string).content,
  }),
};
