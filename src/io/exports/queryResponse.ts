import { z } from 'zod';
import { fileTypeOption } from './fileType.js';
import type { ExportFormat } from './format.js';
import { questionOption, responseOption, textColumn } from './prompts.js';
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
      .literal('queryResponse')
      .describe('Columns `query` and `response`, as ScaleQuest published its sets.'),
    question: questionOption,
    response: responseOption,
    ...textReplyOptions,
    fileType: fileTypeOption,
  })
  .refine(usesReasoningColumn, COLUMN_NEEDS_REASONING);

export const queryResponse: ExportFormat<typeof schema> = {
  schema,
  describe: (options) => ({
    reads: { [options.question]: 'string', [options.response]: 'string', ...reasoningReads(options) },
    writes: [textColumn('query'), textColumn('response')],
  }),
  open: (options) => (row) => ({
    query: row[options.question],
    response: replyOfRow(options, row, row[options.response] as string).content,
  }),
};
