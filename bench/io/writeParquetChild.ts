// One writer in one process: node writeParquetChild.js WRITER PATH ROWS; prints what it cost as JSON.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RecordBatch } from 'apache-arrow';
import parquet from 'parquetjs-lite';
import { columnValues } from '../../src/arrow/read.js';
import { sliceRows } from '../../src/arrow/concat.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { openShardWriter } from '../../src/io/parquet/shardWriter.js';
import { COLUMNS } from '../kernels/rows.js';
import { BATCH_ROWS, benchBatches } from './writeParquetRows.js';

const ROW_GROUP_ROWS = 4096;
const [, , writer, path, rowsText] = process.argv;
const rows = Number(rowsText);

const batches = benchBatches();

function* source(): Generator<RecordBatch> {
  for (let from = 0, at = 0; from < rows; from += BATCH_ROWS, at++) {
    const batch = batches[at % batches.length]!;
    yield sliceRows(batch, 0, Math.min(BATCH_ROWS, rows - from));
  }
}

async function byShardWriter(): Promise<void> {
  const { schema } = batches[0]!;
  const options = { schema, metadata: {}, rowGroupRows: ROW_GROUP_ROWS, zstdLevel: 3 };
  const shard = openShardWriter(nodeFiles, options);
  await shard.open(path!);
  for (const batch of source()) await shard.write(batch);
  await shard.finish();
  await shard.close();
}

async function byParquetjs(): Promise<void> {
  const snappy = { compression: 'SNAPPY', statistics: false } as const;
  const list = (type: string) => ({
    type: 'LIST',
    fields: { list: { repeated: true, fields: { element: { type, ...snappy } } } },
  });
  const schema = new parquet.ParquetSchema({
    seq: { type: 'INT32', ...snappy },
    query: { type: 'UTF8', ...snappy },
    response: { type: 'UTF8', ...snappy },
    candidates: list('UTF8'),
    rewards: list('DOUBLE'),
    difficulty: { type: 'DOUBLE', optional: true, ...snappy },
    solvable: { type: 'BOOLEAN', ...snappy },
  } as never);
  const options = { pageIndex: false, rowGroupSize: ROW_GROUP_ROWS };
  const writer = await parquet.ParquetWriter.openStream(schema, createWriteStream(path!) as never, options);
  for (const batch of source()) {
    const values = COLUMNS.map(({ name }) => columnValues(batch, name));
    for (let row = 0; row < batch.numRows; row++) {
      const entries = COLUMNS.map(({ name, type }, at) => [name, asCell(type, values[at]![row])]);
      await writer.appendRow(Object.fromEntries(entries));
    }
  }
  await writer.close();
}

function asCell(type: string, value: unknown): unknown {
  return type.startsWith('list') ? { list: (value as unknown[]).map((element) => ({ element })) } : value;
}

async function hashFile(): Promise<string> {
  if ((await stat(path!).catch(() => null)) === null) return '';
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path!)) hash.update(chunk as Uint8Array);
  return hash.digest('hex').slice(0, 12);
}

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const before = process.cpuUsage();
const start = performance.now();
if (writer === 'shardWriter') await byShardWriter();
else if (writer === 'parquetjs-lite') await byParquetjs();
else for (const batch of source()) if (batch.numRows === 0) throw new Error('expected rows');
const { user, system } = process.cpuUsage(before);
const wallSeconds = (performance.now() - start) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1000;
delay.disable();
const cpuSeconds = (user + system) / 1e6;
const loopMs = delay.max / 1e6;
console.log(JSON.stringify({ cpuSeconds, wallSeconds, loopMs, peakMb, hash: await hashFile() }));
