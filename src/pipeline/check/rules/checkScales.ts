import type { ScaleQuestError } from '../../../errors.js';
import { type PipelineDocument, problem } from '../../document.js';
import type { StepEntry } from '../readSteps.js';

/** Finds a bound on rewards that lies beyond the scale of the step that gives them: it would drop every row. */
export function checkScales(
  document: PipelineDocument,
  entries: readonly StepEntry[],
  problems: ScaleQuestError[],
): void {
  let scorer: string | null = null;
  for (const { index, step } of entries) {
    if (!step) continue;
    const { label, spec, parsed } = step;
    const { method, rewardMin } = parsed as { method?: string; rewardMin?: number };
    if (spec.writes(parsed).some(({ name }) => name === 'rewards'))
      scorer = method === 'yesNo' ? label : null;
    if (rewardMin === undefined || rewardMin <= 1 || scorer === null) continue;
    const message =
      `found a rewardMin of ${rewardMin}, but the rewards of ${scorer} go from 0 to 1, so every row would be dropped; ` +
      'expected a number from 0 to 1, or `method: score` with a reward model';
    problems.push(
      problem('ERR_PIPELINE_BOUND', document.at(['steps', index, spec.name, 'rewardMin']), message),
    );
  }
}
