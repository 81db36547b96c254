import { createBands } from '../../../operators/lib/near/bands.js';
import { createFingerprints } from '../../../operators/lib/near/fingerprint.js';
import { createMemoryBudget } from '../../../operators/lib/near/memoryBudget.js';
import { createNearIndex } from '../../../operators/lib/near/nearIndex.js';
import { shinglesReader } from '../../../operators/lib/near/shingles.js';
import type { Cluster } from '../../../page/report/reportData.js';

/** Finds which question each near-duplicate is like, and how like each other the questions are that passed. Rows come in order. */
export interface NearDuplicates {
  /** A question that passed: its similarity to an earlier one, 0 where none is near. */
  addPassed(seq: number, question: string): number;
  addDuplicate(seq: number, question: string): void;
  /** The largest clusters, at most so many. */
  clusters(clustersMax: number): Cluster[];
}

export interface NearOptions {
  similarityMin: number;
  ignoreNumbers: boolean;
}

/** So far below the threshold similar questions are looked for: a slider can come down so far. */
const BELOW = 0.2;
const MEMORY_MIB = 256;
const QUESTION_CHARS_MAX = 400;
/** Duplicates of one question that are shown. */
const SHOWN_MAX = 20;

export function nearDuplicates({ similarityMin, ignoreNumbers }: NearOptions): NearDuplicates {
  const floor = floorOf(similarityMin);
  const bands = createBands(floor);
  const fingerprints = createFingerprints(bands);
  const read = shinglesReader({ ignoreNumbers });
  const index = createNearIndex(
    floor,
    bands,
    createMemoryBudget(MEMORY_MIB, () => 'the questions of a report'),
  );
  const passed: { seq: number; question: string }[] = [];
  const found = new Map<number, { rows: number; duplicates: Cluster['duplicates'][number][] }>();

  return {
    addPassed(seq, question) {
      const shingles = read(question);
      const fingerprint = fingerprints.of(shingles);
      const near = index.find(shingles, fingerprint);
      index.add(fingerprint);
      passed.push({ seq, question: cut(question) });
      return near?.similarity ?? 0;
    },
    addDuplicate(seq, question) {
      const shingles = read(question);
      const near = index.find(shingles, fingerprints.of(shingles));
      if (!near) return;
      const cluster = found.get(near.row) ?? { rows: 0, duplicates: [] };
      cluster.rows += 1;
      if (cluster.duplicates.length < SHOWN_MAX)
        cluster.duplicates.push({ seq, similarity: near.similarity, question: cut(question) });
      found.set(near.row, cluster);
    },
    clusters: (clustersMax) =>
      [...found]
        .sort(([rowA, a], [rowB, b]) => b.rows - a.rows || rowA - rowB)
        .slice(0, clustersMax)
        .map(([row, { rows, duplicates }]) => ({ keeper: passed[row]!, rows, duplicates })),
  };
}

/** The lowest similarity that is noticed. */
export function floorOf(similarityMin: number): number {
  return Math.max(0.3, Math.round((similarityMin - BELOW) * 100) / 100);
}

function cut(text: string): string {
  return text.length > QUESTION_CHARS_MAX ? `${text.slice(0, QUESTION_CHARS_MAX)}…` : text;
}
