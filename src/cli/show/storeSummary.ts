import type { describeReplies } from '../../run/open/replyStore.js';
import { printTable } from '../../run/report/report.js';

type StoreSummary = Awaited<ReturnType<typeof describeReplies>>;

/** What `scalequest store` prints of a store: its size, and a line for each run. */
export function printStoreSummary(path: string, summary: StoreSummary): string {
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
    ...(damagedBlocks > 0
      ? [
          `${damagedBlocks} block${damagedBlocks === 1 ? '' : 's'} cannot be read; --prune-damaged removes them`,
        ]
      : []),
  ];
  const head = ['run', 'started', 'replies', 'calls', 'from the store', 'rows replayed'];
  if (rows.length === 0) return lines.join('\n');
  return [...lines, '', printTable(head, rows)].join('\n');
}
