import { readPromptFile } from '../../io/files/packageFiles.js';
import type { RunContext } from '../../operators/lib/operator.js';
import { LOST_REPLY_CHARS_MAX } from '../../pipeline/schema.js';
import { promptWrapperFrom } from '../../pipeline/promptWrapper.js';

/**
 * What operators are given in a pipe: the run's seed and its models by name. Prompts are the built-in ones unless `prompt` says
 * otherwise.
 *
 * @example
 * const context = createContext({ seed: 7, models: { tiny } });
 */
export function createContext(
  context: Pick<RunContext, 'seed' | 'models'> & Partial<RunContext>,
): RunContext {
  return {
    prompt: readPromptFile,
    promptWrapper: promptWrapperFrom('.'),
    lostReplyCharsMax: LOST_REPLY_CHARS_MAX,
    ...context,
  };
}
