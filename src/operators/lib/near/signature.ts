import { scramble } from './scramble.js';

/** Bins of a signature: minima that two sets share with a probability of their Jaccard similarity. */
export const BINS = 1 << 6;
const BIN_SHIFT = 26;
const VALUE_BITS = (1 << BIN_SHIFT) - 1;

/**
 * Writes the signature of a set of hashes: the first `count` of them, at least one. Fast similarity sketching (Dahlgaard, Knudsen
 * and Thorup 2017): in each round, every hash falls into one bin, a bin keeps the least of the first round that reaches it, and rounds
 * go on until all bins are full. It takes about 5 · BINS steps or one a hash, where MinHash takes BINS a hash, and its estimates are as
 * good.
 *
 * @param hashes - Well mixed: a round multiplies them with a number of its own, and no more.
 * @param bins - BINS numbers, all of which are written.
 */
export function writeSignature(hashes: Int32Array, count: number, bins: Int32Array): void {
  filledIn.fill(NEVER);
  let empty = BINS;
  for (let round = 0; empty > 0; round++) {
    const factor = FACTORS[round]!;
    for (let at = 0; at < count; at++) {
      const hash = Math.imul(hashes[at]!, factor);
      // Sets of a few hashes may leave bins empty for long: later rounds go through the bins one by one.
      const bin = round < BINS ? hash >>> BIN_SHIFT : round - BINS;
      const filled = filledIn[bin]!;
      if (filled < round && filled !== NEVER) continue;
      const value = hash & VALUE_BITS;
      if (filled === NEVER) {
        filledIn[bin] = round;
        bins[bin] = value;
        empty -= 1;
      } else if (value < bins[bin]!) bins[bin] = value;
    }
  }
}

const NEVER = -1;
/** The round in which each bin was filled. */
const filledIn = new Int32Array(BINS);
/** After 2 · BINS rounds all bins are full. */
const FACTORS = Int32Array.from({ length: 2 * BINS }, (_, round) => scramble(2 * round + 77) | 1);
