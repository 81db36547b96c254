import { type ModelConfig, describeModel } from '../../../backends/registry.js';
import type { ScaleQuestError } from '../../../errors.js';
import { namedSources } from '../../../io/sources/registry.js';
import { type PipelineDocument, problem } from '../../document.js';
import type { Plan } from '../../plan.js';
import { own } from '../../own.js';
import type { StepEntry } from '../readSteps.js';

/** Numbers that contradict each other: batches larger than the window, targets out of reach, replies longer than a context … */
export function checkBounds(
  document: PipelineDocument,
  settings: Plan['settings'],
  models: Readonly<Record<string, ModelConfig>>,
  entries: readonly StepEntry[],
  problems: ScaleQuestError[],
): void {
  const bound = (path: readonly (string | number)[], message: string): void => {
    problems.push(problem('ERR_PIPELINE_BOUND', document.at(path), message));
  };
  const { source, target, limit } = settings;
  if (source.batchRows > source.windowRows) {
    bound(
      ['source', 'batchRows'],
      `found ${source.batchRows} rows a batch, expected at most windowRows (${source.windowRows}): ` +
        'no batch could ever start; lower batchRows or raise windowRows',
    );
  }
  const formats = namedSources(source).map(({ name }) => name);
  if (formats.length > 1)
    bound(['source', formats.at(-1)!], `found ${formats.join(' and ')}, expected one of them`);
  if (target === undefined && limit === undefined && formats.length === 0) {
    bound([], 'found neither `target` nor `limit`: expected one, or the run would never end');
  }
  if (target !== undefined && limit !== undefined && target > limit) {
    bound(
      ['target'],
      `found a target of ${target} kept rows of at most ${limit} (limit): it cannot be reached; lower target, or raise limit`,
    );
  }
  const rows = limit ?? target ?? 0;
  for (const { index, step } of entries) {
    if (!step) continue;
    const { memoryMiB } = step.parsed as { memoryMiB?: number };
    const neededMiB = step.spec.memoryMiB?.(step.parsed, rows) ?? 0;
    if (memoryMiB !== undefined && neededMiB > memoryMiB) {
      bound(
        ['steps', index, step.spec.name, 'memoryMiB'],
        `${rows.toLocaleString('en')} rows (${limit === undefined ? 'target' : 'limit'}) may need ${Math.ceil(neededMiB)} MiB here, ` +
          `found ${memoryMiB}; raise memoryMiB, which changes no row`,
      );
    }
    const { tokensMax } = step.parsed as { tokensMax?: number };
    for (const { model, needs } of step.spec.models(step.parsed)) {
      if (needs !== 'complete' && needs !== 'preQuery') continue;
      const config = own(models, model);
      const context = config && describeModel(config).contextTokens;
      if (tokensMax === undefined || context === undefined || tokensMax < context) continue;
      bound(
        ['steps', index, step.spec.name, 'tokensMax'],
        `${tokensMax} tokens do not fit into the ${context} tokens of context of ${model}; lower tokensMax or raise contextTokens`,
      );
    }
  }
}
