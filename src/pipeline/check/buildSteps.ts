import { ScaleQuestError } from '../../errors.js';
import { type PipelineDocument, problem } from '../document.js';
import { promptWrapperFrom } from '../promptWrapper.js';
import type { PlannedStep } from '../plan.js';
import { type CheckDeps, promptFrom } from './checkDeps.js';
import { waitsForTokenizer } from './identity.js';
import type { StepEntry } from './readSteps.js';

/**
 * Builds every step once, as a run would. That compiles its prompts and templates, so their mistakes show in the check and not
 * at the first row. Gives the texts of the prompts that each step compiled, in the order of the steps.
 */
export function buildSteps(
  document: PipelineDocument,
  entries: readonly StepEntry[],
  folder: string,
  deps: CheckDeps,
  problems: ScaleQuestError[],
): string[][] {
  return entries.map(({ index, step }) => {
    if (!step) return [];
    try {
      return promptsOf(step, folder, deps);
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      const key = Object.hasOwn((step.input ?? {}) as object, 'template') ? 'template' : 'prompt';
      const at = document.at(['steps', index, step.spec.name, key]);
      problems.push(problem(error.code, at, error.message));
      return [];
    }
  });
}

function promptsOf(step: PlannedStep, folder: string, deps: CheckDeps): string[] {
  const prompts: string[] = [];
  if (waitsForTokenizer(step, folder, deps)) return prompts;
  const read = promptFrom(folder, deps);
  const prompt = (name: string, path: string | undefined): string => {
    const text = read(name, path);
    prompts.push(text);
    return text;
  };
  const promptWrapper = promptWrapperFrom(folder);
  step.spec.operator(step.input, { seed: 0, models: {}, step: step.label, prompt, promptWrapper });
  return prompts;
}
