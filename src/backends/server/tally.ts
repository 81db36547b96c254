import type { StepUse } from '../model.js';
import { createDurations } from './durations.js';
import { createNotes } from './notes.js';

/** What a reply cost, in tokens. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** Of the prompt's, those that the server had in its cache; absent where it does not say. */
  cachedTokens?: number | undefined;
  /** Of the completion's, those of thoughts; absent where it does not say, or there are none. */
  reasoningTokens?: number | undefined;
  /** What in the reply was not known here, and how it was read. */
  notes?: readonly string[];
}

export type Tally = ReturnType<typeof createTally>;

/** Counts what a client asked and what it was answered. */
export function createTally() {
  const counts = { requests: 0, retries: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  const notes = createNotes();
  const uses = createStepUses();
  let hasAnswered = false;
  return {
    ...{ counts, notes, uses },
    /** Whether any call was answered. */
    hasAnswered: () => hasAnswered,
    answered(usage: Usage, step?: string): void {
      counts.promptTokens += usage.promptTokens;
      counts.completionTokens += usage.completionTokens;
      uses.answered(usage, step);
      if (usage.notes) notes.add(usage.notes);
      hasAnswered = true;
    },
  };
}

/** Counts what replies took, by the step that asked. */
export function createStepUses() {
  const steps = new Map<string, StepUse>();
  const durations = createDurations();
  let cached = 0;
  let reasoning = 0;
  return {
    answered(usage: Usage, step: string | undefined): void {
      const { promptTokens, completionTokens, cachedTokens = 0, reasoningTokens = 0 } = usage;
      cached += cachedTokens;
      reasoning += reasoningTokens;
      if (step === undefined) return;
      const use = useOf(steps, step);
      use.requests += 1;
      use.promptTokens += promptTokens;
      use.cachedTokens += cachedTokens;
      use.completionTokens += completionTokens;
      if (reasoningTokens > 0) use.reasoningTokens = (use.reasoningTokens ?? 0) + reasoningTokens;
      use.completionSquares += completionTokens * completionTokens;
    },
    /** A request was at a server for so long. */
    busy(ms: number, step: string | undefined): void {
      durations.took(ms);
      if (step !== undefined) useOf(steps, step).busyS += ms / 1000;
    },
    stats() {
      const took = durations.stats();
      return {
        ...(took ? { durations: took } : {}),
        ...(cached > 0 ? { cachedTokens: cached } : {}),
        ...(reasoning > 0 ? { reasoningTokens: reasoning } : {}),
        ...(steps.size > 0 ? { steps: copied(steps) } : {}),
      };
    },
  };
}

export function useOf(steps: Map<string, StepUse>, step: string): StepUse {
  const known = steps.get(step);
  if (known) return known;
  const use: StepUse = {
    ...{ requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0, completionSquares: 0 },
    ...{ busyS: 0, storeHits: 0 },
  };
  steps.set(step, use);
  return use;
}

function copied(steps: ReadonlyMap<string, StepUse>): Record<string, StepUse> {
  return Object.fromEntries([...steps].map(([step, use]) => [step, { ...use }]));
}
