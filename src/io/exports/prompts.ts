import type { SchemaElement } from 'hyparquet';
import { z } from 'zod';
import type { ExportedReply, ReplyOptions } from './replies.js';

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
  role: string;
  content: string | null;
  /** What the model thought before it; absent where the messages of an export have no such field. */
  reasoning_content?: string | null;
}

/** The messages before the response. */
export function promptMessages({ system, user }: PromptMessages, question: string): ExportedMessage[] {
  const before: ExportedMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  return [...before, { role: 'user', content: fillQuestion(user, question) }];
}

export function replyMessage({ content, reasoning }: ExportedReply): ExportedMessage {
  return {
    ...{ role: 'assistant', content },
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
  };
}

/** How a format writes prompts and replies. */
export interface PromptWriter {
  column: (name: string) => SchemaElement[];
  prompt: (question: string) => string | ExportedMessage[];
  reply: (reply: ExportedReply) => string | ExportedMessage[];
}

export function promptWriter(options: PromptMessages & ReplyOptions & { asMessages: boolean }): PromptWriter {
  if (options.asMessages) {
    const hasReasoning = options.reasoning === 'field';
    return {
      column: (name) => messagesColumn(name, 'REQUIRED', hasReasoning),
      prompt: (question) => promptMessages(options, question),
      reply: (reply) => [replyMessage(reply)],
    };
  }
  return {
    column: textColumn,
    prompt: (question) => fillQuestion(options.user, question),
    reply: ({ content }) => content,
  };
}

/** A prompt with its question. */
export function fillQuestion(template: string, question: string): string {
  return template.replaceAll(QUESTION, () => question);
}

/** The schema elements of a Parquet column of texts. */
export function textColumn(
  name: string,
  repetition_type: 'REQUIRED' | 'OPTIONAL' = 'REQUIRED',
): SchemaElement[] {
  return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type }];
}

/**
 * The schema elements of a Parquet column of lists of `{ role, content }`, with `reasoning_content` by choice; messages that only call
 * tools have no content.
 */
export function messagesColumn(
  name: string,
  content: 'REQUIRED' | 'OPTIONAL' = 'REQUIRED',
  hasReasoning = false,
): SchemaElement[] {
  const elements = [...textColumn('role'), ...textColumn('content', content)];
  return listOf(
    name,
    hasReasoning ? [...elements, ...textColumn('reasoning_content', 'OPTIONAL')] : elements,
  );
}

/** The schema elements of a Parquet column of lists of texts with names. */
export function listColumn(name: string, fields: readonly string[]): SchemaElement[] {
  return listOf(
    name,
    fields.flatMap((field) => textColumn(field)),
  );
}

function listOf(name: string, elements: readonly SchemaElement[]): SchemaElement[] {
  return [
    { name, repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', num_children: elements.length },
    ...elements,
  ];
}

/** A refinement: a plain text has no field for a thought. */
export function hasPlaceForReasoning({
  asMessages,
  reasoning,
}: {
  asMessages: boolean;
  reasoning?: string | undefined;
}): boolean {
  return asMessages || reasoning !== 'field';
}

export const FIELD_NEEDS_MESSAGES: z.core.$ZodCustomParams = {
  path: ['reasoning'],
  message: 'expected `asMessages: true` beside it: a plain text has no field for a thought',
};
