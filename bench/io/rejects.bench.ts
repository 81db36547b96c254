import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { writeAtomic } from '../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { type RejectRow, writeRejects } from '../../src/io/runFolder/rejectsWriter.js';
import { printTable } from '../../src/run/report/report.js';
import { flag, spread } from '../figures.js';

/**
 * The table of lost rows: CPU a row of our writer, which gives parquetjs-lite one row at a time as its interface asks, and of
 * hyparquet-writer, which takes columns, by turns. Both compress with snappy and write no statistics.
 *   node dist/bench/io/rejects.bench.js [--rows=6000] [--rounds=7]
 */

const count = flag('rows', 6000);
const rounds = flag('rounds', 7);

const rows = Array.from({ length: count }, (_, seq): RejectRow => ({
  ...{ seq, seqIndex: 0, step: 'judgeSolvability', reason: 'unsolvable', kind: 'dropped', message: '' },
  reply: `The answer depends on ${seq % 17} things that the question does not say, so it cannot be solved. No`,
  question: `A farm has ${(seq * 7919) % 997} hens and ${seq % 13} ducks. How many are left after ${seq % 7} are sold?`,
}));

const folder = mkdtempSync(join(tmpdir(), 'scalequest-rejects-'));
const cost = { rows: [] as number[], columns: [] as number[] };
for (let round = -2; round < rounds; round++) {
  const byRow = await cpuOf(() => writeRejects(nodeFiles, join(folder, 'rows.parquet'), rows));
  const byColumn = await cpuOf(() => writeColumns(join(folder, 'columns.parquet')));
  if (round < 0) continue;
  cost.rows.push(byRow);
  cost.columns.push(byColumn);
}
rmSync(folder, { recursive: true });
console.log(`us of CPU a row, ${count} rows, ${rounds} rounds`);
const times = cost.rows.map((value, at) => value / cost.columns[at]!);
console.log(
  printTable(
    ['writeRejects (parquetjs-lite)', 'hyparquet-writer', 'times'],
    [[spread(cost.rows, 2), spread(cost.columns, 2), spread(times, 1)]],
  ),
);

function writeColumns(path: string): Promise<void> {
  const columnData = (Object.keys(rows[0]!) as (keyof RejectRow)[]).map((name) => ({
    name,
    data: rows.map((row) => row[name]),
    type: name === 'seq' || name === 'seqIndex' ? ('INT32' as const) : ('STRING' as const),
    nullable: name === 'question' || name === 'reply',
  }));
  const bytes = parquetWriteBuffer({ columnData, statistics: false, codec: 'SNAPPY', rowGroupSize: 16_384 });
  return writeAtomic(nodeFiles, path, new Uint8Array(bytes));
}

/** Microseconds of user and system time a row. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
