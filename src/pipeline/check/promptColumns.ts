import { ScaleQuestError } from '../../errors.js';
import type { OperatorSpec, PromptNeed } from '../../operators/lib/operator.js';
import { promptColumns, promptText } from '../../operators/lib/prompts/prompt.js';
import { type CheckDeps, promptFrom } from './checkDeps.js';

/** A prompt of a step, as far as it can be read: a file that is missing is told when the step is built. */
export interface ReadPrompt {
  need: PromptNeed;
  text: string;
  where: string;
  columns: readonly string[];
}

/** The prompts of a step with the columns that each uses. */
export function readPrompts(
  spec: OperatorSpec,
  parsed: unknown,
  folder: string,
  deps: Pick<CheckDeps, 'prompt'>,
): ReadPrompt[] {
  const read = promptFrom(folder, deps);
  return (spec.prompts?.(parsed) ?? []).flatMap((need) => {
    try {
      const { text, where } = promptText(need, read);
      return [{ need, text, where, columns: promptColumns(text, need).map(({ name }) => name) }];
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      return [];
    }
  });
}

/** The columns that the prompts of a step use. */
export function usedColumns(...step: Parameters<typeof readPrompts>): string[] {
  return [...new Set(readPrompts(...step).flatMap(({ columns }) => columns))];
}

/** The line, from 1, in which a text looks a name up; of its first mention, in an expression where there is one. */
export function lineOfName(text: string, name: string): number {
  const word = new RegExp(`(?<![\\w.])${name.replace(/\W/g, '\\$&')}(?!\\w)`);
  const lines = text.split('\n');
  const inExpression = lines.findIndex((line) => word.test(line) && /\{[{%]/.test(line));
  return (inExpression >= 0 ? inExpression : lines.findIndex((line) => word.test(line))) + 1;
}
