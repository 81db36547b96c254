import { describeModel } from '../../backends/registry.js';
import { ScaleQuestError } from '../../errors.js';
import type { Files } from '../../io/files/files.js';
import type { Plan } from '../../pipeline/plan.js';
import { paidModels } from '../cost.js';
import { type RunEstimate, estimateRun } from './estimate.js';
import { type ObservedRun, readObserved } from './readObserved.js';
import { CPU_MS_PER_ROW } from './scale.js';
import { statedRates } from './statedRates.js';

export interface EstimateRequest {
  /** The run folder that tells what rows cost; what the file states if absent. */
  from?: string | undefined;
  /** Source rows; `limit` or `target` of the file if absent. */
  rows?: number | undefined;
  /** Of the draws behind the intervals. */
  seed?: number;
}

/** What a pipeline will take, as `plan --estimate` prints it. */
export interface PipelineEstimate extends RunEstimate {
  /** What it follows from. */
  basis: { from: string | null; rows: number; isDone: boolean };
  /** Step → MiB that it holds at the end, for those that hold something of each row. */
  memoryMiB: Record<string, number>;
  /** Bytes of the run folder, and of the store of replies; null where nothing tells. */
  runBytes: number | null;
  storeBytes: number | null;
}

/** A token of text, and how far the store presses it. */
const TOKEN_BYTES = 4;
const STORED_SHARE = 0.5;
/** What the cache of step results takes a source row. */
const CACHE_BYTES_PER_ROW = 512;

/**
 * Says what a plan will take, from a run folder or from what the file states. Executes nothing.
 *
 * @throws ERR_RUN_FOLDER for a folder that tells nothing about this plan, ERR_USAGE where it is not said how many rows there are.
 */
export async function estimatePipeline(
  plan: Plan,
  { from, rows, seed = 0 }: EstimateRequest,
  files: Files,
): Promise<PipelineEstimate> {
  const { target, limit, store } = plan.settings;
  if (rows === undefined && target === undefined && limit === undefined)
    throw new ScaleQuestError(
      'ERR_USAGE',
      `${plan.file} has neither \`target\` nor \`limit\`: say how many rows its source has, as --rows 100000`,
    );
  const paid = paidModels(plan);
  const serversOf = (model: string): string => paid[model]?.servers ?? model;
  const run = from === undefined ? null : await readObserved(files, from, plan, serversOf);
  const observed = run?.observed ?? statedRates(plan, serversOf);
  const estimate = estimateRun(observed, {
    ...{ target: rows === undefined ? target : undefined, rows: rows ?? limit, seed },
    ...{ paid, servers: serverCounts(plan, run), cpuMsPerRow: CPU_MS_PER_ROW },
    windowRows: plan.settings.source.windowRows,
  });
  return {
    basis: { from: from ?? null, rows: run ? observed.rows : 0, isDone: run?.isDone ?? true },
    ...estimate,
    memoryMiB: memoryOf(plan, estimate),
    runBytes: run?.runBytesPerRow == null ? null : run.runBytesPerRow * estimate.rowsIn.mean,
    storeBytes: store === 'none' ? null : storeBytesOf(estimate),
  };
}

function serverCounts(
  plan: Plan,
  run: ObservedRun | null,
): Record<string, { now: number; observed: number }> {
  return Object.fromEntries(
    Object.entries(plan.models).map(([name, config]) => {
      const observed = run?.servers[name] ?? 1;
      const { servers } = describeModel(config);
      const listed = servers?.onCluster?.replicas ?? servers?.replicas.length ?? 0;
      // A list of servers in a file is read when they are there.
      return [name, { now: listed > 0 ? listed : observed, observed }];
    }),
  );
}

function memoryOf({ steps }: Plan, estimate: RunEstimate): Record<string, number> {
  return Object.fromEntries(
    steps.flatMap(({ label, spec, parsed }, at): [string, number][] => {
      const neededMiB = spec.memoryMiB?.(parsed, Math.ceil(estimate.steps[at]!.rowsIn.mean)) ?? 0;
      return neededMiB > 0 ? [[label, neededMiB]] : [];
    }),
  );
}

function storeBytesOf({ steps, rowsIn }: RunEstimate): number {
  const written = steps.flatMap(({ models }) =>
    Object.values(models).map((use) => use.completionTokens.mean),
  );
  const tokens = written.reduce((sum, each) => sum + each, 0);
  return tokens * TOKEN_BYTES * STORED_SHARE + rowsIn.mean * CACHE_BYTES_PER_ROW;
}
