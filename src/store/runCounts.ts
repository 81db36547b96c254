import { z } from 'zod';

/** Hits and misses of one run, by model, and its replayed rows. */
export const runCountsSchema = z.object({
  startedMs: z.number(),
  models: z.record(z.string(), z.object({ hits: z.int().min(0), misses: z.int().min(0) })),
  /** Rows of source whose step results came from the store. */
  replayedRows: z.int().min(0).default(0),
});

/** Known to programs: this file imports no database, whose declarations a program need not have. */
export type RunCounts = z.output<typeof runCountsSchema>;

/** Counts a call of the model as answered by the store, or not. */
export function countCall({ models }: RunCounts, model: string, isHit: boolean): void {
  // A model may be called `constructor`.
  if (!Object.hasOwn(models, model)) models[model] = { hits: 0, misses: 0 };
  const counts = models[model]!;
  if (isHit) counts.hits += 1;
  else counts.misses += 1;
}
