/** CPU of the run itself a source row, all threads together (`npm run bench:million`; docs/scale.md). */
export const CPU_MS_PER_ROW = 0.9;

/** As long as the busiest servers take, or the run's own core: the formula of docs/scale.md and of `plan --estimate`. */
export function busyHours(serverHours: readonly number[], cpuHours: number): number {
  return Math.max(cpuHours, ...serverHours);
}
