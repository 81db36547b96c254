import { ScaleQuestError } from '../errors.js';
import { printTable } from '../run/report.js';
import {
  DEFAULT_STORE,
  type ReplyPrune,
  describeReplies,
  exportReplies,
  pruneReplies,
} from '../run/replyStore.js';

type StoreSummary = Awaited<ReturnType<typeof describeReplies>>;

export interface StoreFlags {
  pruneRun?: string;
  pruneOlderThan?: string;
  pruneDamaged?: boolean;
  export?: string;
}

/** Shows a store, prunes it or writes it to a Parquet file. */
export async function storeCommand(path = DEFAULT_STORE, flags: StoreFlags = {}): Promise<void> {
  const prunes = prunesOf(flags);
  // What is about to be removed is exported too.
  if (flags.export !== undefined) {
    const { replies } = await exportReplies(path, flags.export);
    process.stdout.write(`${replies} replies written to ${flags.export}\n`);
  }
  for (const prune of prunes) {
    const { blocks, replies } = await pruneReplies(path, prune);
    process.stdout.write(`${replies} replies removed, in ${blocks} blocks\n`);
  }
  process.stdout.write(`${printSummary(path, await describeReplies(path))}\n`);
}

function prunesOf({ pruneRun, pruneOlderThan, pruneDamaged }: StoreFlags): ReplyPrune[] {
  return [
    ...(pruneRun === undefined ? [] : [{ run: pruneRun }]),
    ...(pruneOlderThan === undefined ? [] : [{ beforeMs: Date.now() - ageMs(pruneOlderThan) }]),
    ...(pruneDamaged ? [{ damaged: true } as const] : []),
  ];
}

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function ageMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count && unit) return Number(count) * UNIT_MS[unit]!;
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found --prune-older-than ${text}, expected a number of days, hours or minutes: 30d, 12h, 90m`,
  );
}

function printSummary(path: string, summary: StoreSummary): string {
  const { replies, fileBytes, freeBytes, stepResultBytes, runs, damagedBlocks } = summary;
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const rows = runs.map(({ run, replies: own, startedMs, models, replayedRows = 0 }) => {
    const counts = Object.values(models ?? {});
    const hits = counts.reduce((sum, each) => sum + each.hits, 0);
    const calls = counts.reduce((sum, each) => sum + each.hits + each.misses, 0);
    const rate = calls > 0 ? `${((100 * hits) / calls).toFixed(1)} %` : '–';
    const started = startedMs === undefined ? '–' : new Date(startedMs).toISOString().slice(0, 16);
    return [run, started, String(own), String(calls), rate, String(replayedRows)];
  });
  const lines = [
    `store ${path}: ${replies} replies in ${mebibytes(fileBytes)}, of which ${mebibytes(freeBytes)} are free and ` +
      `${mebibytes(stepResultBytes)} hold step results`,
    ...(damagedBlocks > 0 ? [`${damagedBlocks} blocks cannot be read; --prune-damaged removes them`] : []),
  ];
  const head = ['run', 'started', 'replies', 'calls', 'from the store', 'rows replayed'];
  if (rows.length === 0) return lines.join('\n');
  return [...lines, '', printTable(head, rows)].join('\n');
}
