import type { Figures, FiguresFold } from '../operator.js';

/**
 * A row that a step of semantic duplicates looked at: the vector of one that passed, as bytes; or of a dropped one the question that it
 * is nearest to, by its number among those that passed, from 0.
 */
export type ClusterDelta = Uint8Array | number;

/** Counts clusters: a question that passed, and those that were dropped for it. 4 bytes a question that passed. */
export function foldClusters(): FiguresFold {
  let sizes = new Uint32Array(FIRST_LENGTH);
  let kept = 0;
  let dropped = 0;

  function keep(): void {
    if (kept === sizes.length) {
      const wider = new Uint32Array(2 * kept);
      wider.set(sizes);
      sizes = wider;
    }
    sizes[kept++] = 1;
  }

  return {
    add(delta) {
      if (delta instanceof Uint8Array) return keep();
      sizes[delta as number]! += 1;
      dropped += 1;
    },
    end: () => figuresOf(sizes.subarray(0, kept), dropped),
  };
}

const FIRST_LENGTH = 1024;

/** Sizes up to which clusters are counted together. */
const UP_TO = [2, 5, 10, 100, Infinity];

function figuresOf(sizes: Uint32Array, dropped: number): Figures {
  const counts = UP_TO.map(() => 0);
  let largest = 0;
  for (const size of sizes) {
    largest = Math.max(largest, size);
    if (size > 1) counts[UP_TO.findIndex((max) => size <= max)]! += 1;
  }
  const clusters = counts.reduce((sum, count) => sum + count, 0);
  const bySize = counts.flatMap((count, at): [string, number][] => (count > 0 ? [[nameOf(at), count]] : []));
  return {
    questions: sizes.length + dropped,
    passed: sizes.length,
    clusters,
    largest,
    ...Object.fromEntries(bySize),
  };
}

/** `of2`, `of3To5`, `ofOver100`. */
function nameOf(at: number): string {
  const least = (UP_TO[at - 1] ?? 1) + 1;
  const most = UP_TO[at]!;
  if (most === Infinity) return `ofOver${least - 1}`;
  return least === most ? `of${least}` : `of${least}To${most}`;
}
