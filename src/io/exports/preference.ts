import { z } from 'zod';
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
        'Columns `prompt`, `chosen` and `rejected`: the best and the worst scored response of a question.',
      ),
    question: questionOption,
    responses: columnName.default('responses').describe('List column with the responses.'),
    rewards: columnName.default('rewards').describe('List column with their rewards.'),
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
  .refine(hasPlaceForReasoning, FIELD_NEEDS_MESSAGES);

/** Preference pairs, as DPO and reward models take them. */
export const preference: ExportFormat<typeof schema> = {
  schema,
  describe(options) {
    const { column } = promptWriter(options);
    return {
      reads: {
        [options.question]: 'string',
        [options.responses]: 'list<string>',
        [options.rewards]: 'list<float64>',
      },
      writes: [column('prompt'), column('chosen'), column('rejected')],
    };
  },
  open(options) {
    const { question, responses, rewards, marginMin } = options;
    const { prompt, reply } = promptWriter(options);
    return (row) => {
      const pair = bestAndWorst(row[responses] as string[], row[rewards] as (number | null)[], marginMin);
      if (pair === null) return null;
      return {
        prompt: prompt(row[question] as string),
        chosen: reply(exportedReply(options, pair.chosen)),
        rejected: reply(exportedReply(options, pair.rejected)),
      };
    };
  },
};

/** Ties go to the first response. Null where the rewards, or the texts, do not tell the responses apart. */
export function bestAndWorst(
  responses: readonly string[],
  rewards: readonly (number | null)[],
  marginMin: number,
): { chosen: string; rejected: string } | null {
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
