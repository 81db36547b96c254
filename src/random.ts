/**
 * Everything random in a run comes from here. It is a pure function of (run seed, step, row, sample), so neither the order of
 * replies nor the borders of batches can change a draw.
 */
export function deriveSeed(runSeed: number, step: string, seq: number, sample = 0): number {
  let hash = mix(0x9e3779b9, runSeed >>> 0);
  hash = mix(hash, Math.floor(runSeed / 2 ** 32) >>> 0);
  for (let at = 0; at < step.length; at++) hash = mix(hash, step.charCodeAt(at));
  hash = mix(hash, seq >>> 0);
  hash = mix(hash, sample >>> 0);
  return finish(hash);
}

/** A draw from [0, 1), uniform over seeds. */
export function deriveUniform(runSeed: number, step: string, seq: number, sample = 0): number {
  return deriveSeed(runSeed, step, seq, sample) / 2 ** 32;
}

/** One round and the final avalanche of MurmurHash3 (32 bit). */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const next = hash ^ k;
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Numbers from [0, 1) that follow from a seed, one after the other (mulberry32): for estimates and tests, which draw in a fixed order. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
