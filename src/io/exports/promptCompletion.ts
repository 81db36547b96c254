import { z } from 'zod';
import type { ExportFormat } from './format.js';
import {
  SYSTEM_NEEDS_MESSAGES,
  asMessagesOption,
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
  })
  .refine(hasPlaceForSystem, SYSTEM_NEEDS_MESSAGES);

export const promptCompletion: ExportFormat<typeof schema> = {
  schema,
  describe(options) {
    const { column } = promptWriter(options);
    return {
      reads: { [options.question]: 'string', [options.response]: 'string' },
      writes: [column('prompt'), column('completion')],
    };
  },
  open(options) {
    const { prompt, reply } = promptWriter(options);
    return (row) => ({
      prompt: prompt(row[options.question] as string),
      completion: reply(row[options.response] as string),
    });
  },
};
