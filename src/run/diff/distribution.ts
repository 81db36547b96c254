/** What the numbers of a column look like. */
export interface Distribution {
  /** Numbers that were counted. */
  count: number;
  /** Rows without one. */
  nulls: number;
  /** The smallest. */
  min: number;
  /** The largest. */
  max: number;
  /** Their mean. */
  mean: number;
  /** The numbers below which 5, 25, 50, 75 and 95 % lie. */
  quantiles: readonly number[];
  /** Whether the quantiles are of all numbers, and not of a sample. */
  isExact: boolean;
}

/** The shares that `quantiles` stand for. */
export const QUANTILE_SHARES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** Numbers that are held at most; of more, a sample of at least half as many stays. */
export const SAMPLE_MAX = 65_536;

/** Takes the numbers of a column one by one, in bounded memory. */
export interface DistributionOf {
  /** `seq` decides whether the number stays in the sample: the same rows of two runs do. */
  add(seq: number, value: number | null): void;
  /** Null where there was no number. */
  result(): Distribution | null;
}

/** The sample: numbers whose row hashes below a limit, which is halved when the sample is full. It does not depend on the order of rows. */
export function distributionOf(sampleMax = SAMPLE_MAX): DistributionOf {
  let sample: { hash: number; value: number }[] = [];
  let limit = 2 ** 32;
  const sums = { count: 0, nulls: 0, min: Infinity, max: -Infinity, sum: 0 };

  return {
    add(seq, value) {
      if (value === null || Number.isNaN(value)) {
        sums.nulls += 1;
        return;
      }
      sums.count += 1;
      sums.sum += value;
      sums.min = Math.min(sums.min, value);
      sums.max = Math.max(sums.max, value);
      const hash = hash32(seq);
      if (hash >= limit) return;
      sample.push({ hash, value });
      while (sample.length > sampleMax && limit > 1) {
        limit /= 2;
        sample = sample.filter((each) => each.hash < limit);
      }
    },
    result() {
      const { count, nulls, min, max, sum } = sums;
      if (count === 0) return null;
      const sorted = Float64Array.from(sample, ({ value }) => value).sort();
      const quantiles = QUANTILE_SHARES.map((share) => quantileOf(sorted, share));
      return { count, nulls, min, max, mean: sum / count, quantiles, isExact: sorted.length === count };
    },
  };
}

/** Between the two nearest numbers, as NumPy and R have it by default. */
function quantileOf(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

/** A number from 0 to 2^32 - 1 for a position of the source, that looks drawn: the last steps of MurmurHash3. */
function hash32(position: number): number {
  let hash = position | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
