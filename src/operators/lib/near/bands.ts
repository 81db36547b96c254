import { BINS } from './signature.js';
import { scramble } from './scramble.js';

/**
 * Bands of a signature (locality-sensitive hashing, LSH): two sets meet in a band when its bins are equal in both. `rows` bins a band.
 */
export interface Bands {
  readonly count: number;
  readonly rows: number;
  /** Writes a hash for each band. */
  write(bins: Int32Array, hashes: Int32Array): void;
}

/** Two sets at the threshold meet in some band with this probability; more similar ones more often. */
const CHANCE_AT_THRESHOLD = 0.97;
const BANDS_MAX = 20;
const ROWS_MAX = 6;

/**
 * As many rows as BANDS_MAX bands allow, because more rows let fewer unlike sets meet; but not more than ROWS_MAX, with which those are
 * few enough: each band takes memory.
 */
export function createBands(threshold: number): Bands {
  const leastChance = 1 - (1 - CHANCE_AT_THRESHOLD) ** (1 / BANDS_MAX);
  let rows = 1;
  while (rows < ROWS_MAX && threshold ** (rows + 1) >= leastChance) rows += 1;
  const count = Math.max(1, Math.ceil(Math.log(1 - CHANCE_AT_THRESHOLD) / Math.log(1 - threshold ** rows)));
  const binOf = chosenBins(count * rows);

  function write(bins: Int32Array, hashes: Int32Array): void {
    let next = 0;
    for (let band = 0; band < count; band++) {
      let hash = Math.imul(band + 1, 0x9e3779b1);
      for (let row = 0; row < rows; row++) {
        hash = Math.imul(hash ^ bins[binOf[next++]!]!, 0xcc9e2d51);
        hash ^= hash >>> 15;
      }
      hashes[band] = scramble(hash);
    }
  }

  return { count, rows, write };
}

/** The bins of all bands, one band behind the other: each bin about equally often, in an order that is drawn once and for all. */
function chosenBins(count: number): Int32Array {
  const chosen = new Int32Array(count);
  for (let start = 0; start < count; start += BINS) {
    const order = Array.from({ length: BINS }, (_, bin) => bin);
    order.sort((a, b) => scramble(a + start + 1) - scramble(b + start + 1));
    for (let at = start; at < Math.min(count, start + BINS); at++) chosen[at] = order[at - start]!;
  }
  return chosen;
}
