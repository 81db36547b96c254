import { z } from 'zod';
import type { ExportFormat } from './format.js';
import {
  columnName,
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
  messages: columnName
    .optional()
    .describe(
      'A column of chats (type `messages`) to write as they are; the other columns are then not read, and rows without a chat are ' +
        'left out.',
    ),
});

export const messages: ExportFormat<typeof schema> = {
  schema,
  describe: ({ question, response, messages: chats }) =>
    chats === undefined
      ? { reads: { [question]: 'string', [response]: 'string' }, writes: [messagesColumn('messages')] }
      : { reads: { [chats]: 'messages' }, writes: [messagesColumn('messages', 'OPTIONAL')] },
  open: (options) => (row) => {
    if (options.messages !== undefined) {
      const chat = row[options.messages];
      return chat === null ? null : { messages: chat };
    }
    return {
      messages: [
        ...promptMessages(options, row[options.question] as string),
        replyMessage(row[options.response] as string),
      ],
    };
  },
};
