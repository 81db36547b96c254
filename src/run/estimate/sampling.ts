/** Uniform in [0, 1). */
export type Random = () => number;

/** Where a number lies: 95 of 100 draws are from `low` to `high`. */
export interface Likely {
  mean: number;
  low: number;
  high: number;
}

/** From the standard normal distribution (Box and Muller, 1958). */
export function normalDraw(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** From a gamma distribution of scale 1 (Marsaglia and Tsang, 2000). */
function gammaDraw(shape: number, random: Random): number {
  if (shape < 1) return gammaDraw(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normalDraw(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A share that so many hits and misses may come from. */
export function betaDraw(hits: number, misses: number, random: Random): number {
  const a = gammaDraw(hits, random);
  return a / (a + gammaDraw(misses, random));
}

export function intervalOf(mean: number, draws: readonly number[]): Likely {
  const sorted = draws.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? mean;
  return { mean, low: Math.min(mean, at(0.025)), high: Math.max(mean, at(0.975)) };
}
