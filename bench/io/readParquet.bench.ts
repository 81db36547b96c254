// Reading a shard back: columns against row objects. node dist/bench/io/readParquet.bench.js [--rows=4096]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Bench } from 'tinybench';
import { buildRows } from '../../src/arrow/build.js';
import { concatRows } from '../../src/arrow/concat.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { readParquetBlocks } from '../../src/io/parquet/readParquet.js';
import { openShardWriter } from '../../src/io/parquet/shardWriter.js';
import { toBatches } from '../../src/io/sources/toBatches.js';
import { hashResult } from '../kernels/kernel.js';
import { COLUMNS, benchRows } from '../kernels/rows.js';
import { flag } from '../figures.js';

const rows = flag('rows', 4096);
const folder = await mkdtemp(join(tmpdir(), 'scalequest-bench-'));
const path = join(folder, 'a.parquet');
const batch = benchRows(0, rows);
const writer = openShardWriter(nodeFiles, {
  schema: batch.schema,
  metadata: {},
  rowGroupRows: 1024,
  zstdLevel: 1,
});
await writer.open(path);
await writer.write(batch);
await writer.finish();
await writer.close();

async function byColumns(): Promise<RecordBatch> {
  const request = { paths: [path], columns: COLUMNS.slice(1), batchRows: 1024 };
  const batches: RecordBatch[] = [];
  for await (const read of toBatches(readParquetBlocks(nodeFiles, request), request)) batches.push(read);
  return concatRows(batches);
}

async function byRows(): Promise<RecordBatch> {
  const read = await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors });
  return buildRows(
    COLUMNS,
    COLUMNS.map(({ name }) => read.map((row) => row[name] ?? null)),
    read.length,
  );
}

const bench = new Bench({ time: flag('timeMs', 2000), warmupTime: 300 });
bench.add('row objects', async () => void (await byRows()));
bench.add('readParquetBlocks', async () => void (await byColumns()));
await bench.run();

const p50 = bench.tasks.map(({ result }) => ('latency' in result ? result.latency.p50 : NaN));
const hashes = [hashResult(await byRows()), hashResult(await byColumns())];
console.log(`\nread a shard: ${rows} rows, ${process.version}`);
console.table(
  bench.tasks.map(({ name }, at) => ({
    case: name,
    'p50 ms': Number(p50[at]!.toFixed(1)),
    'times the first': Number((p50[0]! / p50[at]!).toFixed(2)),
    hash: hashes[at],
  })),
);
await rm(folder, { recursive: true });
