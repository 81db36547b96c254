import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import parquet from 'parquetjs-lite';
import { writeAtomic } from '../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { type RejectRow, openRejectsWriter } from '../../src/io/runFolder/rejectsWriter.js';
import { printTable } from '../../src/run/report/report.js';
import { flag, spread } from '../figures.js';

/**
 * The table of lost rows: CPU a row of our writer, which gives hyparquet-writer columns, and of parquetjs-lite, whose interface
 * asks for one row a call, by turns. Both compress with snappy and write no statistics.
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
const cost = { ours: [] as number[], byRow: [] as number[] };
for (let round = -2; round < rounds; round++) {
  const ours = await cpuOf(writeOurs);
  const byRow = await cpuOf(() => writeByRow(join(folder, 'byRow.parquet')));
  if (round < 0) continue;
  cost.ours.push(ours);
  cost.byRow.push(byRow);
}
rmSync(folder, { recursive: true });
console.log(`us of CPU a row, ${count} rows, ${rounds} rounds`);
const times = cost.byRow.map((value, at) => value / cost.ours[at]!);
console.log(
  printTable(
    ['openRejectsWriter (hyparquet-writer)', 'parquetjs-lite', 'times'],
    [[spread(cost.ours, 2), spread(cost.byRow, 2), spread(times, 1)]],
  ),
);

async function writeOurs(): Promise<void> {
  const writer = openRejectsWriter(nodeFiles, join(folder, 'ours.parquet'));
  await writer.write(rows);
  await writer.finish();
}

async function writeByRow(path: string): Promise<void> {
  const column = { compression: 'SNAPPY', statistics: false } as const;
  const fields = Object.keys(rows[0]!).map((name) => [
    name,
    name === 'seq' || name === 'seqIndex'
      ? { type: 'INT32', ...column }
      : { type: 'UTF8', optional: name === 'question' || name === 'reply', ...column },
  ]);
  const pieces: Uint8Array[] = [];
  const sink = {
    write: (bytes: Uint8Array, done: () => void) => (pieces.push(bytes), done()),
    end: (done: () => void) => done(),
  };
  const schema = new parquet.ParquetSchema(Object.fromEntries(fields));
  const options = { pageIndex: false, rowGroupSize: 16_384, pageSize: 16_384 };
  const writer = await parquet.ParquetWriter.openStream(schema, sink, options);
  for (const row of rows) await writer.appendRow({ ...row });
  await writer.close();
  await writeAtomic(nodeFiles, path, Buffer.concat(pieces));
}

/** Microseconds of user and system time a row. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
