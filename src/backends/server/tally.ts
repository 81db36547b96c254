import { createNotes } from './notes.js';

/** What a reply cost, in tokens. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** What in the reply was not known here, and how it was read. */
  notes?: readonly string[];
}

export type Tally = ReturnType<typeof createTally>;

/** Counts what a client asked and what it was answered. */
export function createTally() {
  const counts = { requests: 0, retries: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  const notes = createNotes();
  let hasAnswered = false;
  return {
    ...{ counts, notes },
    /** Whether any call was answered. */
    hasAnswered: () => hasAnswered,
    answered({ promptTokens, completionTokens, notes: own }: Usage): void {
      counts.promptTokens += promptTokens;
      counts.completionTokens += completionTokens;
      if (own) notes.add(own);
      hasAnswered = true;
    },
  };
}
