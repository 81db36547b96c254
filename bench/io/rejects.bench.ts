import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import parquet from 'parquetjs-lite';
import { nodeFiles } from '../../src/io/files/files.js';
import { type RejectRow, writeRejects } from '../../src/io/run/rejectsWriter.js';
import { printTable } from '../../src/run/report.js';
import { flag, spread } from '../backends/load.js';

/**
 * The table of lost rows: CPU a row of our writer, which fills parquetjs-lite's buffer by column, and of the same library row
 * by row, by turns.
 *   node dist/bench/io/rejects.bench.js [--rows=6000] [--rounds=7]
 */

const count = flag('rows', 6000);
const rounds = flag('rounds', 7);

const rows = Array.from({ length: count }, (_, seq): RejectRow => ({
  ...{ seq, seqIndex: 0, step: 'judgeSolvability', reason: 'unsolvable', kind: 'dropped', message: '' },
  question: `A farm has ${(seq * 7919) % 997} hens and ${seq % 13} ducks. How many are left after ${seq % 7} are sold?`,
}));

const folder = mkdtempSync(join(tmpdir(), 'scalequest-rejects-'));
const cost = { column: [] as number[], row: [] as number[] };
for (let round = -2; round < rounds; round++) {
  const byColumn = await cpuOf(() => writeRejects(nodeFiles, join(folder, 'column.parquet'), rows));
  const byRow = await cpuOf(rowByRow);
  if (round < 0) continue;
  cost.column.push(byColumn);
  cost.row.push(byRow);
}
rmSync(folder, { recursive: true });
console.log(`us of CPU a row, ${count} rows, ${rounds} rounds`);
console.log(
  printTable(
    ['filled by column', 'row by row', 'times'],
    [
      [
        spread(cost.column, 2),
        spread(cost.row, 2),
        spread(
          cost.row.map((value, at) => value / cost.column[at]!),
          1,
        ),
      ],
    ],
  ),
);

async function rowByRow(): Promise<void> {
  const text = { type: 'UTF8', compression: 'SNAPPY', statistics: false } as const;
  const number = { type: 'INT32', compression: 'SNAPPY', statistics: false } as const;
  const schema = new parquet.ParquetSchema({
    ...{ seq: { ...number }, seqIndex: { ...number }, step: { ...text }, reason: { ...text } },
    ...{ kind: { ...text }, message: { ...text }, question: { ...text, optional: true } },
  });
  const pieces: Uint8Array[] = [];
  const sink = {
    write: (bytes: Uint8Array, done: () => void) => (pieces.push(bytes), done()),
    end: (done: () => void) => done(),
  };
  const options = { pageIndex: false, rowGroupSize: 16_384 };
  const writer = await parquet.ParquetWriter.openStream(schema, sink, options);
  for (const row of rows) await writer.appendRow({ ...row });
  await writer.close();
  await nodeFiles.open(join(folder, 'row.parquet'), 'write').then(async (file) => {
    await file.write(Buffer.concat(pieces));
    await file.sync();
    await file.close();
  });
}

/** Microseconds of user and system time a row. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
