import { busyHours } from '../../src/run/estimate/scale.js';

/** What a set costs, on paper: GPU hours from the paper's table, the rest from what our own benches print. */

/** GPU hours of the paper's run (Table 4): 2 million questions on A100-40G; five responses and scores for each of the million kept. */
export const PAPER = {
  sourceRows: 2e6,
  gpuHours: { questions: 38.4, checks: 110.6, responses: 251.0, scores: 112.0 },
  dollarsPerGpuHour: 1.29,
} as const;

/** What our benches print for one source row. */
export interface RowCost {
  /** CPU of the coordinator, `bench:million`. */
  cpuMs: number;
  /** The index of `deduplicate`, `bench:dedup`. */
  indexBytes: number;
  /** The store of replies, of the size that the model's replies have. */
  storeBytes: number;
}

export interface Estimate {
  sourceRows: number;
  gpuHours: number;
  dollars: number;
  coordinatorCpuHours: number;
  indexBytes: number;
  storeBytes: number;
}

/** Seconds of one GPU a source row takes: what it costs until it is thrown away or kept, on average. */
export function gpuSecondsPerRow(): number {
  const hours = Object.values(PAPER.gpuHours).reduce((sum, each) => sum + each, 0);
  return (hours * 3600) / PAPER.sourceRows;
}

/** GPUs like the paper's that one busy core of the coordinator keeps at work; a GPU `speed` times as fast counts for so many. */
export function gpusFed({ cpuMs }: Pick<RowCost, 'cpuMs'>, speed = 1): number {
  return gpuSecondsPerRow() / speed / (cpuMs / 1000);
}

export function estimate(sourceRows: number, row: RowCost): Estimate {
  const gpuHours = (sourceRows * gpuSecondsPerRow()) / 3600;
  return {
    sourceRows,
    gpuHours,
    dollars: gpuHours * PAPER.dollarsPerGpuHour,
    coordinatorCpuHours: (sourceRows * row.cpuMs) / 3.6e6,
    indexBytes: sourceRows * row.indexBytes,
    storeBytes: sourceRows * row.storeBytes,
  };
}

/** Days that a set takes on so many GPUs, the coordinator's one core being the limit beyond those that it feeds. */
export function daysOn(gpus: number, set: Estimate): number {
  return busyHours([set.gpuHours / gpus], set.coordinatorCpuHours) / 24;
}
