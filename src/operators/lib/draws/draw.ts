/** Gives numbers from [0, 1), uniform and independent: the one of that number. */
export type Uniform = (at: number) => number;

/** Numbers of items from 0, as many as there are weights, each with the chance of its weight. */
export function weightedPick(weights: readonly number[]): (uniform: number) => number {
  let sum = 0;
  const sums = Float64Array.from(weights, (weight) => (sum += weight));
  // The last item that has a chance: a draw next to 1 may round up to the sum.
  const last = weights.findLastIndex((weight) => weight > 0);
  return (uniform) => Math.min(last, firstAbove(sums, uniform * sum));
}

function firstAbove(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `count` different numbers below `of`, each order as likely as any other: the first steps of a Fisher-Yates shuffle. */
export function distinctPicks(count: number, of: number, uniform: Uniform): number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: count }, (_, at) => {
    const other = at + Math.floor(uniform(at) * (of - at));
    const picked = moved.get(other) ?? other;
    moved.set(other, moved.get(at) ?? at);
    return picked;
  });
}

/** A normal distribution; what lies outside of `min` to `max` is drawn again. */
export interface Normal {
  mean: number;
  deviation: number;
  min?: number | undefined;
  max?: number | undefined;
}

/** Bounds that lie far from the mean would have it drawn for ever. */
const TRIES_MAX = 100;

/** A number of a normal distribution (Box and Muller 1958); the nearer bound where a hundred tries lie outside of the bounds. */
export function boundedNormal(
  { mean, deviation, min = -Infinity, max = Infinity }: Normal,
  uniform: Uniform,
): number {
  for (let at = 0; at < TRIES_MAX; at++) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform(2 * at)));
    const value = mean + deviation * radius * Math.cos(2 * Math.PI * uniform(2 * at + 1));
    if (value >= min && value <= max) return value;
  }
  return Math.min(max, Math.max(min, mean));
}
