import type { HistogramData } from '../../../page/charts/histogram.js';

/** Bins of a histogram. */
const BINS = 30;

/** Round borders for so many bins over the values, but for the largest half per cent where they lie far out. */
export function edgesOf(
  values: readonly number[] | Float64Array,
  bins = BINS,
): { edges: number[]; isCut: boolean } | null {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  if (sorted.length === 0) return null;
  const [min, max] = [sorted[0]!, sorted.at(-1)!];
  const high = sorted[Math.min(sorted.length - 1, Math.floor(0.995 * sorted.length))]!;
  const isCut = max - min > 3 * (high - min) && high > min;
  const top = isCut ? high : max;
  if (top - min < 1e-9 * Math.max(1e-3, Math.abs(top))) return { edges: aroundOne(min), isCut };
  const isWhole = sorted.every(Number.isInteger);
  const step = Math.max(niceStep((top - min) / bins), isWhole ? 1 : 0);
  const first = Math.floor(min / step);
  const count = Math.max(1, Math.floor(top / step) - first + 1);
  return { edges: Array.from({ length: count + 1 }, (_, at) => rounded((first + at) * step)), isCut };
}

function aroundOne(value: number): number[] {
  const half = Math.abs(value) < 1e-9 ? 0.5 : Math.abs(value) / 20;
  return [rounded(value - half), rounded(value + half)];
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
export function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 2.5, 5].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return rounded(factor * power);
}

function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** The bin of a value; what lies beyond the ends is in the first or last one. Not for what is no number. */
export function binAt(value: number, edges: readonly number[]): number {
  const step = edges[1]! - edges[0]!;
  let bin = Math.max(0, Math.min(edges.length - 2, Math.floor((value - edges[0]!) / step)));
  // A border in binary may lie beside what the division says.
  while (bin < edges.length - 2 && value >= edges[bin + 1]!) bin++;
  while (bin > 0 && value < edges[bin]!) bin--;
  return bin;
}

/** A histogram of the numbers of the set’s rows; null where there is no number. */
export function histogramOf(label: string, values: readonly number[] | Float64Array): HistogramData | null {
  const found = edgesOf(values);
  if (!found) return null;
  const { edges, isCut } = found;
  const counts = Array.from({ length: edges.length - 1 }, () => 0);
  for (const value of values) if (Number.isFinite(value)) counts[binAt(value, edges)]! += 1;
  const name = isCut ? `${label} (the last bar: and more)` : label;
  return { label: name, edges, series: [{ name: 'kept', kind: 'kept', counts }] };
}
