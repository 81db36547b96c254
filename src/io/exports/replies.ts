import { z } from 'zod';
import { splitThought, withThought } from '../../text/afterThought.js';
import type { ExportRow } from './format.js';

/** What the formats share of replies: what becomes of a thought that a response holds, or that stands in a column of its own. */

const reasoningColumn = z
  .string()
  .min(1)
  .optional()
  .describe(
    'Column with the thought, where it stands apart from the response (`keepBest` with `reasoning: true`); `reasoning` says what ' +
      'becomes of it.',
  );

/** Of a format whose replies are texts. */
export const reasoningText = z
  .enum(['inline', 'leaveOut'])
  .optional()
  .describe(
    'What becomes of the thought before an answer: `inline` writes it as `<think>…</think>` before it, `leaveOut` writes the ' +
      'answer alone. Without it the response is written as it is.',
  );

/** Of a format whose replies may be messages. */
export const reasoningMessage = z
  .enum(['inline', 'field', 'leaveOut'])
  .optional()
  .describe(
    'What becomes of the thought before an answer: `inline` writes it as `<think>…</think>` before it, `field` as ' +
      '`reasoning_content` of the message, where chat templates look for it, `leaveOut` writes the answer alone. Without it the ' +
      'response is written as it is.',
  );

export const textReplyOptions = { reasoning: reasoningText, reasoningColumn };
export const messageReplyOptions = { reasoning: reasoningMessage, reasoningColumn };

export interface ReplyOptions {
  reasoning?: 'inline' | 'field' | 'leaveOut' | undefined;
  reasoningColumn?: string | undefined;
}

/** A refinement: a column of thoughts is read for something. */
export function usesReasoningColumn({ reasoning, reasoningColumn: column }: ReplyOptions): boolean {
  return column === undefined || reasoning !== undefined;
}

export const COLUMN_NEEDS_REASONING: z.core.$ZodCustomParams = {
  path: ['reasoningColumn'],
  message: 'expected `reasoning` beside it, which says what becomes of the thought',
};

/** The column of thoughts, where one is read. */
export function reasoningReads({ reasoningColumn: column }: ReplyOptions): Record<string, 'string'> {
  return column === undefined ? {} : { [column]: 'string' };
}

/** A reply as it is written. */
export interface ExportedReply {
  content: string;
  /** What a message says of the thought; absent where messages have no such field. */
  reasoning?: string | null;
}

/** The reply that a response becomes. `thought`: from its own column; else the response may hold it. */
export function exportedReply(
  { reasoning }: ReplyOptions,
  response: string,
  thought?: string,
): ExportedReply {
  if (reasoning === undefined) return { content: response };
  const split = thought === undefined ? splitThought(response) : { thought, answer: response };
  if (reasoning === 'leaveOut') return { content: split.answer };
  if (reasoning === 'inline') return { content: withThought(split.thought, split.answer) };
  return { content: split.answer, reasoning: split.thought === '' ? null : split.thought };
}

/** The reply of a row's response. */
export function replyOfRow(options: ReplyOptions, row: ExportRow, response: string): ExportedReply {
  const { reasoningColumn: column } = options;
  return exportedReply(options, response, column === undefined ? undefined : (row[column] as string));
}
