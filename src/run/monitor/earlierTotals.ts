import { join } from 'node:path';
import { z } from 'zod';
import type { Files } from '../../io/files/files.js';
import { openJson } from '../../io/files/seal.js';
import { LOG_FILE } from '../../io/runFolder/runLog.js';
import { NO_TOTALS, type RunTotals, totalsWith } from './totals.js';

/** Of the end of a log: it has the last measurement, also where many lines came behind it. */
const TAIL_BYTES = 1 << 20;

const count = z.number().min(0);
const modelTotals = z.object({
  ...{ requests: count, retries: count, failures: count },
  ...{ promptTokens: count, completionTokens: count },
  ...{ cachedTokens: count.default(0), serverS: count.default(0), storeHits: count.default(0) },
  reasoningTokens: count.optional(),
});
const models = z.record(z.string(), modelTotals);
const measured = z.object({
  event: z.literal('measured'),
  elapsedS: count,
  models,
  before: z.object({ starts: count, wallS: count, models }),
});

/**
 * What the earlier starts of a run took together, by the last measurement in its log. A log that is gone, torn or changed tells
 * nothing, or less: no row depends on it.
 */
export async function earlierTotals(files: Files, folder: string): Promise<RunTotals> {
  const lines = (await tailOf(files, join(folder, LOG_FILE)).catch(() => '')).split('\n');
  for (const line of lines.reverse()) {
    if (!line.includes('"event":"measured"')) continue;
    const totals = totalsIn(line);
    if (totals) return totals;
  }
  return NO_TOTALS;
}

async function tailOf(files: Files, path: string): Promise<string> {
  const sizeBytes = (await files.stat(path))?.sizeBytes ?? 0;
  if (sizeBytes === 0) return '';
  const file = await files.open(path, 'read');
  try {
    const from = Math.max(0, sizeBytes - TAIL_BYTES);
    return Buffer.from(await file.read(from, sizeBytes - from)).toString();
  } finally {
    await file.close();
  }
}

function totalsIn(line: string): RunTotals | null {
  if (!openJson(line).isWhole) return null;
  try {
    const { data } = measured.safeParse(JSON.parse(line));
    return data ? totalsWith(data.before, data.elapsedS, data.models) : null;
  } catch {
    return null;
  }
}
