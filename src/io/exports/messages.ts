import { z } from 'zod';
import { fileTypeOption } from './fileType.js';
import type { ExportFormat } from './format.js';
import {
  COLUMN_NEEDS_REASONING,
  exportedReply,
  messageReplyOptions,
  reasoningReads,
  replyOfRow,
  usesReasoningColumn,
} from './replies.js';
import {
  type ExportedMessage,
  columnName,
  messagesColumn,
  promptMessages,
  questionOption,
  replyMessage,
  responseOption,
  systemOption,
  userOption,
} from './prompts.js';

const schema = z
  .strictObject({
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
    ...messageReplyOptions,
    fileType: fileTypeOption,
  })
  .refine(usesReasoningColumn, COLUMN_NEEDS_REASONING);

export const messages: ExportFormat<typeof schema> = {
  schema,
  describe(options) {
    const { question, response, messages: chats } = options;
    const hasReasoning = options.reasoning === 'field';
    if (chats !== undefined)
      return {
        reads: { [chats]: 'messages' },
        writes: [messagesColumn('messages', 'OPTIONAL', hasReasoning)],
      };
    return {
      reads: { [question]: 'string', [response]: 'string', ...reasoningReads(options) },
      writes: [messagesColumn('messages', 'REQUIRED', hasReasoning)],
    };
  },
  open: (options) => (row) => {
    if (options.messages !== undefined) {
      const chat = row[options.messages] as readonly ExportedMessage[] | null;
      return chat && { messages: chat.map((message) => written(options, message)) };
    }
    const reply = replyOfRow(options, row, row[options.response] as string);
    return { messages: [...promptMessages(options, row[options.question] as string), replyMessage(reply)] };
  },
};

function written(options: z.output<typeof schema>, message: ExportedMessage): ExportedMessage {
  const { role, content } = message;
  if (role !== 'assistant' || content === null) return message;
  return replyMessage(exportedReply(options, content));
}
