// Shards by our writer (zstd, worker thread) against parquetjs-lite (snappy), each in a process of its own,
// in turn. With a Python that has pyarrow, also against that, with zstd 3 too and one thread.
// node dist/bench/io/writeParquet.bench.js [--rows=20000] [--rounds=3] [--python=python3]
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Table, tableToIPC } from 'apache-arrow';
import { flag, median, wordFlag } from '../figures.js';
import { benchBatches } from './writeParquetRows.js';

interface Result {
  cpuSeconds: number;
  wallSeconds: number;
  /** Longest wait of the event loop. */
  loopMs: number;
  peakMb: number;
  fileMb: number;
  hash: string;
}

const python = wordFlag('python');
const WRITERS: Record<string, string> = {
  'parquetjs-lite': 'parquetjs-lite, snappy',
  shardWriter: 'shardWriter, zstd 3',
  ...(python !== undefined && { pyarrow: 'pyarrow, zstd 3' }),
  source: 'rows only',
};
const rows = flag('rows', 20_000);
const rounds = flag('rounds', 3);
const child = fileURLToPath(new URL('./writeParquetChild.js', import.meta.url));
const script = fileURLToPath(new URL('../../../bench/io/writeParquet.py', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'scalequest-bench-'));
const batches = join(folder, 'batches.arrow');
if (python !== undefined) await writeFile(batches, tableToIPC(new Table(benchBatches()), 'stream'));
const results = new Map<string, Result[]>();

for (let round = 0; round < rounds; round++) {
  for (const writer of Object.keys(WRITERS)) {
    const path = join(folder, `${writer}.parquet`);
    const [program, ...args] =
      writer === 'pyarrow' ? [python!, script, batches, path] : [process.execPath, child, writer, path];
    const { stdout } = await promisify(execFile)(program, [...args, `${rows}`]);
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    const result = { ...(JSON.parse(stdout) as Omit<Result, 'fileMb'>), fileMb: bytes / 1e6 };
    results.set(writer, [...(results.get(writer) ?? []), result]);
  }
}

const middle = (writer: string, key: Exclude<keyof Result, 'hash'>) =>
  median(results.get(writer)!.map((result) => result[key]));
const writing = (writer: string) => middle(writer, 'cpuSeconds') - middle('source', 'cpuSeconds');

console.log(
  `\nwrite ${rows} rows, batches of 512, row groups of 4,096; median of ${rounds} rounds, ${process.version}`,
);
console.table(
  Object.entries(WRITERS).map(([writer, name]) => ({
    writer: name,
    'CPU s': Number(middle(writer, 'cpuSeconds').toFixed(2)),
    'CPU s without the rows': Number(writing(writer).toFixed(2)),
    'times less CPU':
      writer === 'source' ? '' : Number((writing('parquetjs-lite') / writing(writer)).toFixed(2)),
    'wall s': Number(middle(writer, 'wallSeconds').toFixed(2)),
    'event loop max ms': writer === 'source' ? '' : Math.round(middle(writer, 'loopMs')),
    'peak RSS MB': Math.round(middle(writer, 'peakMb')),
    'file MB': Number(middle(writer, 'fileMb').toFixed(1)),
    hash: [...new Set(results.get(writer)!.map(({ hash }) => hash))].join(' '),
  })),
);
if (python !== undefined) {
  const ratios = results
    .get('shardWriter')!
    .map(({ cpuSeconds }, round) => cpuSeconds / results.get('pyarrow')![round]!.cpuSeconds);
  const told = ratios.toSorted((a, b) => a - b).map((ratio) => ratio.toFixed(2));
  console.log(
    `CPU of shardWriter, its thread's start included, for each second of pyarrow, by rounds: ${told.join(', ')}`,
  );
}
await rm(folder, { recursive: true });
