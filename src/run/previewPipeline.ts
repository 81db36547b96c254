import { sourceReader } from '../io/sources/sourceReader.js';
import type { Plan } from '../pipeline/plan.js';
import { withoutFilled } from '../train/environment.js';
import { closeModels, openModels } from './openModels.js';
import { type PipelineOptions, planToRun, promptOf } from './planPipeline.js';
import { type RowTrace, previewPlan } from './stream/previewPlan.js';
import { type SystemWorld, systemWorld } from './systemWorld.js';

/** Options of `previewPipeline`. */
export interface PreviewOptions extends PipelineOptions {
  /**
   * Source rows.
   * @default 5
   */
  rows?: number;
  /** Stops the preview, which rejects with ERR_CANCELLED. */
  signal?: AbortSignal;
}

/** What a preview shows. */
export interface PipelinePreview {
  /** The source rows, in order. */
  traces: RowTrace[];
  /** The labels of the steps, in order. */
  steps: string[];
}

/**
 * Runs the first rows of a pipeline file and tells what every step did to each; writes nothing but to the store of replies.
 *
 * @throws PipelineProblems for a file with mistakes, and whatever ends a run.
 */
export async function previewPipeline(
  file: string,
  { rows = 5, signal, ...options }: PreviewOptions = {},
  world: SystemWorld = systemWorld(),
): Promise<PipelinePreview> {
  const plan = await planToRun(file, options, world);
  return withoutFilled(previewRows(plan, rows, signal, world), plan.filled);
}

async function previewRows(
  plan: Plan,
  rows: number,
  signal: AbortSignal | undefined,
  { env, files }: SystemWorld,
): Promise<PipelinePreview> {
  const { models } = await openModels(plan, { env, ...(signal ? { signal } : {}) });
  try {
    const read = sourceReader(plan.settings.source, plan.folder, files);
    const deps = { models, prompt: promptOf(plan), read, ...(signal ? { signal } : {}) };
    const traces = await previewPlan(plan, rows, deps);
    return { traces, steps: plan.steps.map(({ label }) => label) };
  } finally {
    await closeModels(Object.values(models));
  }
}
