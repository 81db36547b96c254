import { addCounters } from '../addCounters.js';

/** What all starts of a run took together: `performance.json` tells it, and a page of a monitor. */
export interface RunTotals {
  /** How often the run was started. */
  starts: number;
  /** Seconds of all starts, each from the opening of its run folder on. */
  wallS: number;
  /** The counters of each model, by name. */
  models: Readonly<Record<string, ModelTotals>>;
}

/** What a model was asked in all starts of a run. */
export interface ModelTotals {
  /** Requests begun; their retries are counted apart. */
  requests: number;
  /** Times that a request was sent again after a failure. */
  retries: number;
  /** Requests that failed in the end, after their retries. */
  failures: number;
  /** Tokens of all prompts. */
  promptTokens: number;
  /** Tokens of all choices. */
  completionTokens: number;
  /** Of `promptTokens`, those that servers had in their caches and said so. */
  cachedTokens: number;
  /** Of `completionTokens`, those of thoughts; absent where no server said so. */
  reasoningTokens?: number | undefined;
  /** Seconds that servers were held for the model, added up over its servers. */
  serverS: number;
  /** Calls that the store of replies answered. */
  storeHits: number;
}

/** What a model has counted so far. */
type ModelCounted = Omit<ModelTotals, Absent> & { [Name in Absent]?: number | undefined };

/** What a model may have none of. */
type Absent = 'cachedTokens' | 'serverS' | 'storeHits';

/** The totals of a run that was never started. */
export const NO_TOTALS: RunTotals = { starts: 0, wallS: 0, models: {} };

/** The totals of earlier starts, and of one that has run for `elapsedS`. */
export function totalsWith(
  before: RunTotals,
  elapsedS: number,
  counted: Readonly<Record<string, ModelCounted>>,
): RunTotals {
  const models = new Map(Object.entries(before.models));
  for (const [name, own] of Object.entries(counted)) {
    const known = models.get(name) ?? {};
    models.set(name, { ...addCounters(COUNTED, known, own), ...addThoughts(known, own) });
  }
  return { starts: before.starts + 1, wallS: before.wallS + elapsedS, models: Object.fromEntries(models) };
}

const COUNTED = [
  ...(['requests', 'retries', 'failures', 'promptTokens', 'completionTokens'] as const),
  ...(['cachedTokens', 'serverS', 'storeHits'] as const),
];

/** The tokens of thoughts of both, where there are any. */
export function addThoughts(...parts: readonly { reasoningTokens?: number | undefined }[]): {
  reasoningTokens?: number;
} {
  const sum = parts.reduce((all, { reasoningTokens = 0 }) => all + reasoningTokens, 0);
  return sum > 0 ? { reasoningTokens: sum } : {};
}
