import { z } from 'zod';
import { type StoreDatabase, transact } from './database/database.js';
import { type StoreTables, parseJson } from './database/tables.js';

/** Hits and misses of one run, by model, and its replayed rows. */
const runCounts = z.object({
  startedMs: z.number(),
  models: z.record(z.string(), z.object({ hits: z.int().min(0), misses: z.int().min(0) })),
  /** Rows of source whose step results came from the store. */
  replayedRows: z.int().min(0).default(0),
});

export type RunCounts = z.output<typeof runCounts>;

export function readRunCounts(tables: StoreTables, run: string): RunCounts | undefined {
  const bytes = tables.runs.getBinary(Buffer.from(run));
  const parsed = bytes && runCounts.safeParse(parseJson(bytes.toString()));
  return parsed?.success ? parsed.data : undefined;
}

export async function saveRunCounts(database: StoreDatabase, run: string, counts: RunCounts): Promise<void> {
  const value = Buffer.from(JSON.stringify(counts));
  await transact(database, { keys: 1, valuesBytes: [value.length] }, ({ runs }) => {
    void runs.put(Buffer.from(run), value);
  });
}

/** Counts a call of the model as answered by the store, or not. */
export function countCall({ models }: RunCounts, model: string, isHit: boolean): void {
  const counts = (models[model] ??= { hits: 0, misses: 0 });
  if (isHit) counts.hits += 1;
  else counts.misses += 1;
}
