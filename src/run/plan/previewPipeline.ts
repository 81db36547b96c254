import { hubOf } from '../../io/hub/hubAccess.js';
import { sourceReader } from '../../io/sources/sourceReader.js';
import type { Plan } from '../../pipeline/plan.js';
import type { Model } from '../../backends/model.js';
import { filledRemoved, filledRemover, withoutFilled } from '../../train/environment.js';
import type { CountedEvent, Emit, FlowingEvent, MeasuredEvent, StartingEvent } from '../events.js';
import { startMeter } from '../monitor/meter.js';
import { closeModels, openModels, statsOf } from '../open/openModels.js';
import { type PipelineOptions, planToRun, promptOf } from './planPipeline.js';
import { type RowTrace, previewPlan } from '../stream/previewPlan.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';

/** Options of `previewPipeline`. */
export interface PreviewOptions extends PipelineOptions {
  /**
   * Source rows.
   * @default 5
   */
  rows?: number;
  /** Stops the preview, which rejects with ERR_CANCELLED. */
  signal?: AbortSignal;
  /** Is told what happens, as the events of a run tell it. */
  onEvent?: Emit<StartingEvent | FlowingEvent | CountedEvent | MeasuredEvent>;
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
  { rows = 5, signal, onEvent = () => {}, ...options }: PreviewOptions = {},
  world: SystemWorld = systemWorld(),
): Promise<PipelinePreview> {
  const plan = await planToRun(file, options, world);
  return withoutFilled(previewRows(plan, rows, { ...world, signal, emit: onEvent }), plan.filled);
}

interface PreviewWorld extends SystemWorld {
  signal: AbortSignal | undefined;
  emit: NonNullable<PreviewOptions['onEvent']>;
}

async function previewRows(plan: Plan, rows: number, world: PreviewWorld): Promise<PipelinePreview> {
  const { env, files, signal, emit } = world;
  const steps = plan.steps.map(({ label }) => label);
  const clean = filledRemover(plan.filled);
  const tell: typeof emit = (event) => emit(filledRemoved(event, clean));
  const meter = startMeter({ ...world, emit: tell, onMeasured: tell });
  let models: Record<string, Model> = {};
  try {
    models = (await openModels(plan, { env, emit: tell, ...(signal ? { signal } : {}) })).models;
    meter.opened(() => statsOf(models));
    tell({ event: 'flowing', from: 0, kept: 0, models: Object.keys(models), steps, limit: rows });
    const hub = hubOf(env, { clock: world.clock, signal });
    const read = sourceReader(plan.settings.source, plan.folder, files, undefined, hub);
    const traces = await previewPlan(plan, rows, {
      ...{ models, prompt: promptOf(plan), read, ...(signal ? { signal } : {}) },
      onCounts: meter.count,
      onGate: (gate) => meter.flows(gate, 0),
    });
    meter.end();
    return { traces, steps };
  } finally {
    meter.stop();
    await closeModels(Object.values(models));
  }
}
