import { sourceReader } from '../io/sources/sourceReader.js';
import type { Override } from '../pipeline/document.js';
import { previewPlan, printTraces } from '../run/preview.js';
import { loadPlan, promptOf } from '../run/load.js';
import { closeModels, openModels } from '../run/openModels.js';
import { signalOnInterrupt } from './interrupt.js';

export async function previewCommand(
  file: string,
  overrides: readonly Override[],
  rows: number,
): Promise<void> {
  const plan = await loadPlan(file, overrides, process.env);
  const { signal, dispose } = signalOnInterrupt();
  const { models } = await openModels(plan, { env: process.env, signal });
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
