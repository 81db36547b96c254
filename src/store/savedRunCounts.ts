import { type StoreDatabase, transact } from './database/database.js';
import { type StoreTables, parseJson } from './database/tables.js';
import { type RunCounts, runCountsSchema } from './runCounts.js';

export function readRunCounts(tables: StoreTables, run: string): RunCounts | undefined {
  const bytes = tables.runs.getBinary(Buffer.from(run));
  const parsed = bytes && runCountsSchema.safeParse(parseJson(bytes.toString()));
  return parsed?.success ? parsed.data : undefined;
}

export async function saveRunCounts(database: StoreDatabase, run: string, counts: RunCounts): Promise<void> {
  const value = Buffer.from(JSON.stringify(counts));
  await transact(database, { keys: 1, valuesBytes: [value.length] }, ({ runs }) => {
    void runs.put(Buffer.from(run), value);
  });
}
