// Shards by our writer (zstd, worker thread) against parquetjs-lite (snappy), each in a process of its own,
// in turn.
// node dist/bench/io/writeParquet.bench.js [--rows=20000] [--rounds=3]
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { flag, median } from '../figures.js';

interface Result {
  cpuSeconds: number;
  wallSeconds: number;
  /** Longest wait of the event loop. */
  loopMs: number;
  peakMb: number;
  fileMb: number;
  hash: string;
}

const WRITERS = {
  'parquetjs-lite': 'parquetjs-lite, snappy',
  shardWriter: 'shardWriter, zstd 3',
  source: 'rows only',
};
const rows = flag('rows', 20_000);
const rounds = flag('rounds', 3);
const child = fileURLToPath(new URL('./writeParquetChild.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'scalequest-bench-'));
const results = new Map<string, Result[]>();

for (let round = 0; round < rounds; round++) {
  for (const writer of Object.keys(WRITERS)) {
    const path = join(folder, `${writer}.parquet`);
    const { stdout } = await promisify(execFile)(process.execPath, [child, writer, path, `${rows}`]);
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
await rm(folder, { recursive: true });
