import { z } from 'zod';
import type { ColumnType } from '../../arrow/columnType.js';
import { fileTypeOption } from './fileType.js';
import type { ExportFormat } from './format.js';
import { exportedReply, reasoningMessage } from './replies.js';
import {
  FIELD_NEEDS_MESSAGES,
  SYSTEM_NEEDS_MESSAGES,
  asMessagesOption,
  columnName,
  hasPlaceForReasoning,
  hasPlaceForSystem,
  promptWriter,
  questionOption,
  systemOption,
  userOption,
} from './prompts.js';

const schema = z
  .strictObject({
    format: z
      .literal('preference')
      .describe(
        'Columns `prompt`, `chosen` and `rejected`: the best and the worst scored response of a question, or two columns of a judge.',
      ),
    question: questionOption,
    responses: columnName.default('responses').describe('List column with the responses.'),
    rewards: columnName.default('rewards').describe('List column with their rewards.'),
    chosen: columnName
      .optional()
      .describe(
        'In place of responses and rewards: the column with the better text, as judgePair writes it.',
      ),
    rejected: columnName.optional().describe('The column with the worse text, beside `chosen`.'),
    marginMin: z
      .number()
      .min(0)
      .default(0)
      .describe('Leave out questions whose best and worst rewards differ by no more than this.'),
    system: systemOption,
    user: userOption,
    asMessages: asMessagesOption,
    reasoning: reasoningMessage,
    fileType: fileTypeOption,
  })
  .refine(hasPlaceForSystem, SYSTEM_NEEDS_MESSAGES)
  .refine(hasPlaceForReasoning, FIELD_NEEDS_MESSAGES)
  .refine(({ chosen, rejected }) => (chosen === undefined) === (rejected === undefined), {
    path: ['chosen'],
    message: 'expected `chosen` and `rejected` together',
  });

/** Preference pairs, as DPO and reward models take them. */
export const preference: ExportFormat<typeof schema> = {
  schema,
  describe(options) {
    const { column } = promptWriter(options);
    return {
      reads: { [options.question]: 'string', ...pairColumns(options) },
      writes: [column('prompt'), column('chosen'), column('rejected')],
    };
  },
  open(options) {
    const { question } = options;
    const pairOf = pairReader(options);
    const { prompt, reply } = promptWriter(options);
    return (row) => {
      const pair = pairOf(row);
      if (pair === null) return null;
      return {
        prompt: prompt(row[question] as string),
        chosen: reply(exportedReply(options, pair.chosen)),
        rejected: reply(exportedReply(options, pair.rejected)),
      };
    };
  },
};

type Options = z.output<typeof schema>;

function pairColumns({ responses, rewards, chosen, rejected }: Options): Record<string, ColumnType> {
  if (chosen !== undefined) return { [chosen]: 'string', [rejected!]: 'string' };
  return { [responses]: 'list<string>', [rewards]: 'list<float64>' };
}

function pairReader({ responses, rewards, marginMin, chosen, rejected }: Options): (row: Row) => Pair | null {
  if (chosen !== undefined)
    return (row) => ({ chosen: row[chosen] as string, rejected: row[rejected!] as string });
  return (row) => bestAndWorst(row[responses] as string[], row[rewards] as (number | null)[], marginMin);
}

type Row = Readonly<Record<string, unknown>>;

interface Pair {
  chosen: string;
  rejected: string;
}

/** Ties go to the first response. Null where the rewards, or the texts, do not tell the responses apart. */
export function bestAndWorst(
  responses: readonly string[],
  rewards: readonly (number | null)[],
  marginMin: number,
): Pair | null {
  let best = -1;
  let worst = -1;
  for (const [at, reward] of rewards.entries()) {
    if (reward === null) continue;
    if (best < 0 || reward > rewards[best]!) best = at;
    if (worst < 0 || reward < rewards[worst]!) worst = at;
  }
  if (best < 0 || rewards[best]! - rewards[worst]! <= marginMin) return null;
  const [chosen, rejected] = [responses[best]!, responses[worst]!];
  return chosen === rejected ? null : { chosen, rejected };
}
