import type { SchemaElement } from 'hyparquet';
import { z } from 'zod';

/** What the formats share: options of prompts, and prompts and replies as texts or as lists of messages. */

const QUESTION = '{{ question }}';

export const columnName = z.string().min(1);

export const questionOption = columnName.default('question').describe('Column with the question.');

export const responseOption = columnName.default('response').describe('Column with the response.');

export const systemOption = z.string().optional().describe('Text of a system message before the user’s.');

export const userOption = z
  .string()
  .refine((text) => text.includes(QUESTION), `expected ${QUESTION} in it`)
  .default(QUESTION)
  .describe(`Text of the user’s message, with ${QUESTION}.`);

export const asMessagesOption = z
  .boolean()
  .default(false)
  .describe(
    'Write each of them as a list of messages instead of a text: TRL then applies the chat template of the model.',
  );

/** A refinement: a plain text has no place for a system message. */
export function hasPlaceForSystem({
  asMessages,
  system,
}: {
  asMessages: boolean;
  system?: string | undefined;
}): boolean {
  return asMessages || system === undefined;
}

export const SYSTEM_NEEDS_MESSAGES: z.core.$ZodCustomParams = {
  path: ['system'],
  message: 'expected `asMessages: true` beside it: a plain text has no system message',
};

export interface PromptMessages {
  system?: string | undefined;
  user: string;
}

export interface ExportedMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** The messages before the response. */
export function promptMessages({ system, user }: PromptMessages, question: string): ExportedMessage[] {
  const before: ExportedMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  return [...before, { role: 'user', content: fillQuestion(user, question) }];
}

export function replyMessage(content: string): ExportedMessage {
  return { role: 'assistant', content };
}

/** How a format writes prompts and replies. */
export interface PromptWriter {
  column: (name: string) => SchemaElement[];
  prompt: (question: string) => string | ExportedMessage[];
  reply: (response: string) => string | ExportedMessage[];
}

export function promptWriter(options: PromptMessages & { asMessages: boolean }): PromptWriter {
  if (options.asMessages) {
    return {
      column: messagesColumn,
      prompt: (question) => promptMessages(options, question),
      reply: (response) => [replyMessage(response)],
    };
  }
  return {
    column: textColumn,
    prompt: (question) => fillQuestion(options.user, question),
    reply: (response) => response,
  };
}

function fillQuestion(template: string, question: string): string {
  return template.replaceAll(QUESTION, () => question);
}

/** The schema elements of a Parquet column of texts. */
export function textColumn(
  name: string,
  repetition_type: 'REQUIRED' | 'OPTIONAL' = 'REQUIRED',
): SchemaElement[] {
  return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type }];
}

/** The schema elements of a Parquet column of lists of `{ role, content }`; messages that only call tools have no content. */
export function messagesColumn(name: string, content: 'REQUIRED' | 'OPTIONAL' = 'REQUIRED'): SchemaElement[] {
  return [
    { name, repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', num_children: 2 },
    ...textColumn('role'),
    ...textColumn('content', content),
  ];
}
