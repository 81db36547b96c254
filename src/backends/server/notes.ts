import type { ModelStats } from '../model.js';

/** Counts what servers said that is not known here, by how it was read. */
export interface Notes {
  add(notes: readonly string[]): void;
  /** Nothing where there are none. */
  stats(): Pick<ModelStats, 'notes'>;
}

/** A server that says something else each time must not fill the memory. */
const NOTES_MAX = 20;

export function createNotes(): Notes {
  const counts = new Map<string, number>();
  return {
    add(notes) {
      for (const note of notes) {
        const isKnown = counts.has(note) || counts.size < NOTES_MAX;
        const key = isKnown ? note : 'other things that are not known here';
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    },
    stats: () => (counts.size > 0 ? { notes: Object.fromEntries(counts) } : {}),
  };
}
