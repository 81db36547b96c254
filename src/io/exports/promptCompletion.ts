import { z } from 'zod';
import { fileTypeOption } from './fileType.js';
import type { ExportFormat } from './format.js';
import {
  COLUMN_NEEDS_REASONING,
  messageReplyOptions,
  reasoningReads,
  replyOfRow,
  usesReasoningColumn,
} from './replies.js';
import {
  FIELD_NEEDS_MESSAGES,
  SYSTEM_NEEDS_MESSAGES,
  asMessagesOption,
  hasPlaceForReasoning,
  hasPlaceForSystem,
  promptWriter,
  questionOption,
  responseOption,
  systemOption,
  userOption,
} from './prompts.js';

const schema = z
  .strictObject({
    format: z
      .literal('promptCompletion')
      .describe('Columns `prompt` and `completion`: the loss is on the completion alone.'),
    question: questionOption,
    response: responseOption,
    system: systemOption,
    user: userOption,
    asMessages: asMessagesOption,
    ...messageReplyOptions,
    fileType: fileTypeOption,
  })
  .refine(hasPlaceForSystem, SYSTEM_NEEDS_MESSAGES)
  .refine(hasPlaceForReasoning, FIELD_NEEDS_MESSAGES)
  .refine(usesReasoningColumn, COLUMN_NEEDS_REASONING);

export const promptCompletion: ExportFormat<typeof schema> = {
  schema,
  describe(options) {
    const { column } = promptWriter(options);
    return {
      reads: { [options.question]: 'string', [options.response]: 'string', ...reasoningReads(options) },
      writes: [column('prompt'), column('completion')],
    };
  },
  open(options) {
    const { prompt, reply } = promptWriter(options);
    return (row) => ({
      prompt: prompt(row[options.question] as string),
      completion: reply(replyOfRow(options, row, row[options.response] as string)),
    });
  },
};
