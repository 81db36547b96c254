import { ScaleQuestError } from '../../../errors.js';
import type { MemoryBudget } from '../near/memoryBudget.js';
import { squareOf } from './quantize.js';
import { type VectorBanks, createVectorBanks, layoutOf } from './vectorBanks.js';

/** A stored vector, by its number in the order of adding. */
export interface Neighbour {
  number: number;
  /** What was added with it. */
  label: number;
  /** The cosine of the angle between the two. */
  similarity: number;
}

/** The vectors that were added, and those of them that are similar to another. All comparisons are exact. */
export interface VectorIndex {
  /** The most similar stored vector that reaches the threshold, the first one of equals; null if none does. */
  nearest(vector: Int8Array): Neighbour | null;
  /** All stored vectors that reach the threshold, in the order of adding. */
  within(vector: Int8Array): Neighbour[];
  /** `label`: a 32-bit integer. Throws ERR_MEMORY, and ERR_MODEL_PROTOCOL for a vector of another length. */
  add(vector: Int8Array, label: number): void;
  readonly size: number;
}

/**
 * Finds vectors of at least this cosine by comparing with all of them. Heads are compared first: where even tails of the same direction
 * could not make up for it, the tail is not read.
 *
 * Memory: a byte a dimension, in steps of 16, and 16 bytes a vector.
 */
export function createVectorIndex(similarityMin: number, budget: MemoryBudget): VectorIndex {
  let stored: { dims: number; banks: VectorBanks } | null = null;

  function scan(vector: Int8Array, least: () => number, use: (neighbour: Neighbour) => void): void {
    if (stored === null) return;
    assertLength(vector, stored.dims);
    const square = squareOf(vector);
    stored.banks.scan({ vector, square }, least, ({ number, label, dot, square: other }) => {
      // Whole numbers below 2^53 under the root, so it is the same on any machine.
      const similarity = Math.min(1, dot / Math.sqrt(square * other));
      if (similarity >= similarityMin) use({ number, label, similarity });
    });
  }

  function nearest(vector: Int8Array): Neighbour | null {
    let best: Neighbour | null = null;
    scan(
      vector,
      () => best?.similarity ?? similarityMin,
      (neighbour) => {
        if (best === null || neighbour.similarity > best.similarity) best = neighbour;
      },
    );
    return best;
  }

  function within(vector: Int8Array): Neighbour[] {
    const found: Neighbour[] = [];
    scan(
      vector,
      () => similarityMin,
      (neighbour) => void found.push(neighbour),
    );
    return found;
  }

  function add(vector: Int8Array, label: number): void {
    const dims = vector.length;
    stored ??= { dims, banks: createVectorBanks(layoutOf(dims, similarityMin), budget) };
    assertLength(vector, stored.dims);
    stored.banks.add(vector, label);
  }

  return {
    nearest,
    within,
    add,
    get size() {
      return stored?.banks.size ?? 0;
    },
  };
}

function assertLength({ length }: Int8Array, dims: number): void {
  if (length === dims) return;
  throw new ScaleQuestError(
    'ERR_MODEL_PROTOCOL',
    `found a vector of ${length} numbers, expected ${dims} as in those before: one of the model's servers has another model, ` +
      'or its `extra` changed. Let all of them serve the same, and run again to go on.',
  );
}
