import { sourceReader } from '../io/source.js';
import type { Override } from '../pipeline/document.js';
import { previewPlan, printTraces } from '../pipeline/preview.js';
import { loadPlan, promptOf } from './load.js';
import { closeModels, openModels, signalOnInterrupt } from './models.js';

export async function previewCommand(
  file: string,
  overrides: readonly Override[],
  rows: number,
): Promise<void> {
  const plan = await loadPlan(file, overrides);
  const { signal, dispose } = signalOnInterrupt();
  const { models } = await openModels(plan);
  try {
    const read = sourceReader(plan.settings.source, plan.folder);
    const traces = await previewPlan(plan, rows, { models, prompt: promptOf(plan), read, signal });
    process.stdout.write(
      `${printTraces(
        traces,
        plan.steps.map(({ label }) => label),
      )}\n`,
    );
  } finally {
    dispose();
    await closeModels(Object.values(models));
  }
}
