import { words } from '../../src/operators/lib/words.js';
import { createBands } from '../../src/operators/lib/near/bands.js';
import { createFingerprints } from '../../src/operators/lib/near/fingerprint.js';
import { createKeySet } from '../../src/operators/lib/near/keySet.js';
import { createMemoryBudget } from '../../src/operators/lib/near/memoryBudget.js';
import { createNearIndex } from '../../src/operators/lib/near/nearIndex.js';
import { shinglesReader } from '../../src/operators/lib/near/shingles.js';
import { createMinHashIndex, minHashSignature } from './minHashIndex.js';

/** A way to find duplicates among texts that come one after the other. */
export interface Finder {
  /** Whether it is a duplicate of a text that passed; else it passes. */
  isDuplicate(text: string): boolean;
  /** What the run would keep of a text that has just passed. */
  delta?(): unknown;
  /** Adds a text that passed in an earlier run. */
  restore?(delta: unknown): void;
  /** As it counts its tables itself. */
  bytes?(): number;
  passed(): number;
}

/** As the operator does it. */
export function ourFinder(threshold: number, memoryMiB = 64 * 1024): Finder {
  const bands = createBands(threshold);
  const budget = createMemoryBudget(memoryMiB, () => 'questions');
  const keys = createKeySet(budget);
  const near = createNearIndex(threshold, bands, budget);
  const read = shinglesReader({ ignoreNumbers: false });
  const fingerprints = createFingerprints(bands);
  return {
    isDuplicate(text) {
      const shingles = read(text);
      if (keys.has(shingles.keyLow, shingles.keyHigh)) return true;
      const fingerprint = fingerprints.of(shingles);
      if (near.find(shingles, fingerprint)) return true;
      keys.add(fingerprint.keyLow, fingerprint.keyHigh);
      near.add(fingerprint);
      return false;
    },
    delta: fingerprints.encode,
    restore(delta) {
      const fingerprint = fingerprints.decode(delta as string);
      keys.add(fingerprint.keyLow, fingerprint.keyHigh);
      near.add(fingerprint);
    },
    bytes: () => budget.bytes,
    passed: () => keys.size,
  };
}

/** As the operator did it first: 128 MinHashes of 16 bits, estimated similarity, one table that doubles. */
export function minHashFinder(threshold: number, bands: number): Finder {
  const index = createMinHashIndex(threshold, bands);
  const exact = new Set<string>();
  return {
    isDuplicate(text) {
      const tokens = words(text);
      const key = tokens.join(' ');
      if (exact.has(key)) return true;
      const signature = minHashSignature(tokens);
      if (index.find(signature)) return true;
      exact.add(key);
      index.add(signature);
      return false;
    },
    passed: () => index.size,
  };
}
