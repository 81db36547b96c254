import { z } from 'zod';
import type { ExportFormat } from './format.js';
import { fileTypeOption } from './fileType.js';
import {
  type ExportedMessage,
  columnName,
  listColumn,
  promptMessages,
  questionOption,
  replyMessage,
  responseOption,
  systemOption,
  userOption,
} from './prompts.js';
import {
  COLUMN_NEEDS_REASONING,
  exportedReply,
  reasoningReads,
  replyOfRow,
  textReplyOptions,
  usesReasoningColumn,
} from './replies.js';

const schema = z
  .strictObject({
    format: z
      .literal('shareGpt')
      .describe(
        'Column `conversations`, a list of `from` (`system`, `human`, `gpt`) and `value`, as LLaMA-Factory, Axolotl and FastChat read it.',
      ),
    question: questionOption,
    response: responseOption,
    system: systemOption,
    user: userOption,
    messages: columnName
      .optional()
      .describe(
        'A column of chats (type `messages`) to write; the other columns are then not read, and rows without a chat are left out.',
      ),
    ...textReplyOptions,
    fileType: fileTypeOption,
  })
  .refine(usesReasoningColumn, COLUMN_NEEDS_REASONING);

/** Names of the roles; others stay as they are. */
const FROM = new Map([
  ['user', 'human'],
  ['assistant', 'gpt'],
]);

export const shareGpt: ExportFormat<typeof schema> = {
  schema,
  describe(options) {
    const writes = [listColumn('conversations', ['from', 'value'])];
    if (options.messages !== undefined) return { reads: { [options.messages]: 'messages' }, writes };
    const { question, response } = options;
    return { reads: { [question]: 'string', [response]: 'string', ...reasoningReads(options) }, writes };
  },
  open: (options) => (row) => {
    if (options.messages !== undefined) {
      const chat = row[options.messages] as readonly ChatMessage[] | null;
      return chat && { conversations: chat.map((message) => turn(written(options, message))) };
    }
    const reply = replyOfRow(options, row, row[options.response] as string);
    const messages = [...promptMessages(options, row[options.question] as string), replyMessage(reply)];
    return { conversations: messages.map(turn) };
  },
};

type ChatMessage = Pick<ExportedMessage, 'role' | 'content'>;

function written(options: z.output<typeof schema>, message: ChatMessage): ChatMessage {
  const { role, content } = message;
  if (role !== 'assistant' || content === null) return message;
  return { role, content: exportedReply(options, content).content };
}

function turn({ role, content }: ChatMessage): { from: string; value: string } {
  // A message that only calls tools has no text.
  return { from: FROM.get(role) ?? role, value: content ?? '' };
}
