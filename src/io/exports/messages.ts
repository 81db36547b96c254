import { z } from 'zod';
import type { ExportFormat } from './format.js';
import {
  messagesColumn,
  promptMessages,
  questionOption,
  replyMessage,
  responseOption,
  systemOption,
  userOption,
} from './prompts.js';

const schema = z.strictObject({
  format: z
    .literal('messages')
    .describe('Column `messages`, a list of `role` and `content`: chat templates apply.'),
  question: questionOption,
  response: responseOption,
  system: systemOption,
  user: userOption,
});

export const messages: ExportFormat<typeof schema> = {
  schema,
  describe: ({ question, response }) => ({
    reads: { [question]: 'string', [response]: 'string' },
    writes: [messagesColumn('messages')],
  }),
  open: (options) => (row) => ({
    messages: [
      ...promptMessages(options, row[options.question] as string),
      replyMessage(row[options.response] as string),
    ],
  }),
};
