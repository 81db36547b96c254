import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { RecordBatch } from 'apache-arrow';
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import { compressZstd, loadZstd } from '../../../src/io/parquet/zstd.js';
import type { SourceFormatName } from '../../../src/io/sources/registry.js';
import { cases } from '../../helpers/texts/cases.js';
import { randomFrom } from '../../../src/random.js';
import { mutate } from '../../helpers/texts/mutate.js';
import { FIXTURES } from '../../helpers/files/parquetFixtures.js';
import { readSourceBatches, rowsIn } from '../../helpers/files/readSource.js';
import { testFolder } from '../../helpers/files/testFolder.js';

/**
 * Damaged files through the sources: each is read, or refused by an error that names it. `SCALEQUEST_SEED=7 SCALEQUEST_RUNS=9000
 * node --test dist/test/io/sources/mutated.test.js` draws others, and more of them. `SCALEQUEST_CHARS` makes the texts longer.
 */
const SEED = Number(process.env['SCALEQUEST_SEED'] ?? 1);
const RUNS = Number(process.env['SCALEQUEST_RUNS'] ?? cases(40, 150));
const CHARS = Number(process.env['SCALEQUEST_CHARS'] ?? 5_000);
/** For each MB of a file, or of its text where it is compressed; the first file of a kind also pays for compiling. */
const CPU_MS_MAX = 250;
const TRIES_MAX = 12;

interface Original {
  format: SourceFormatName;
  name: string;
  bytes: Uint8Array;
  columns: Readonly<Record<string, string>>;
  /** Whether the file holds checksums over its contents: then what is read is what was written. */
  isChecked?: boolean;
  /** Of the text in a compressed file. */
  textChars?: number;
}

before(() => loadZstd());

/** The zstd of our own tools writes no checksum; this is RFC 8878's bit and the low half of an XXH64. */
async function withChecksum(text: string): Promise<Uint8Array> {
  const { default: xxhash } = await import('xxhash-wasm');
  const frame = Uint8Array.from(compressZstd(Buffer.from(text), 3));
  const sum = Number((await xxhash()).create64().update(text).digest() & 0xffff_ffffn);
  frame[4]! |= 4;
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(sum);
  return Buffer.concat([frame, tail]);
}

/** The record batches of a file; the code with which it was refused. */
async function readAll(path: string, { format, columns }: Original): Promise<RecordBatch[] | string> {
  try {
    return (await readSourceBatches(format, { path, columns }, { batchRows: 32 })).batches;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    assert.equal(code, 'ERR_DATA_INVALID', (error as Error).stack);
    assert.ok(message.includes(path), message);
    return code;
  }
}

function print(batches: readonly RecordBatch[]): string {
  const withoutBigints = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? `${value}` : value;
  return JSON.stringify(batches.flatMap(rowsIn), withoutBigints);
}

async function cpuMsOf<T>(work: () => Promise<T>): Promise<[T, number]> {
  const started = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(started);
  return [result, (user + system) / 1000];
}

async function fuzz(t: TestContext, original: Original): Promise<void> {
  const path = join(await testFolder(t), original.name);
  await writeFile(path, original.bytes);
  const whole = await readAll(path, original);
  assert.ok(typeof whole !== 'string');
  const written = print(whole);
  const { bytes, textChars = 0 } = original;
  const cpuMsMax = CPU_MS_MAX * Math.max(1, bytes.length / 2 ** 20, textChars / 2 ** 20);
  let refused = 0;
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    await writeFile(path, mutate(original.bytes, randomFrom(seed)));
    const reading = (): Promise<RecordBatch[] | string> =>
      readAll(path, original).catch((error: Error) => {
        error.message = `seed ${seed}: ${error.message}`;
        throw error;
      });
    const [read, firstMs] = await cpuMsOf(reading);
    const cpuMs = [firstMs];
    // Again if it was dear: compiling or a collection of garbage may have fallen into it, but not each time.
    while (Math.min(...cpuMs) > cpuMsMax && cpuMs.length < TRIES_MAX) cpuMs.push((await cpuMsOf(reading))[1]);
    assert.ok(Math.min(...cpuMs) <= cpuMsMax, `seed ${seed}: ${cpuMs.join(', ')} ms`);
    if (typeof read === 'string') refused += 1;
    // Whatever was read has rows that can be looked at.
    else if (print(read) !== written)
      assert.ok(!original.isChecked, `seed ${seed}: another text than was written`);
  }
  t.diagnostic(`seeds ${SEED} to ${SEED + RUNS - 1}: ${refused} refused, ${RUNS - refused} read`);
}

/** What a line takes in JSON, about. */
const LINE_CHARS = 85;

const LINES = Array.from({ length: Math.ceil(CHARS / LINE_CHARS) }, (_, at) => ({
  question: `Was ist ${at} × 7? “${'x'.repeat(at % 60)}” 😀`,
  n: at % 5 === 0 ? null : at / 8,
  tags: ['a', `t${at}`],
}));
const JSONL = LINES.map((line) => `${JSON.stringify(line)}\n`).join('');
const JSON_COLUMNS = { question: 'string', n: 'float64', tags: 'list<string>' };
const CSV = `question,n\n${LINES.map(({ question, n }) => `"${question.replaceAll('"', '""')}, ""q""",${n ?? ''}\n`).join('')}`;
const CSV_COLUMNS = { question: 'string', n: 'float64' };

const TEXTS: readonly [string, () => Original | Promise<Original>][] = [
  [
    'JSON Lines',
    () => ({ format: 'jsonl', name: 'a.jsonl', bytes: Buffer.from(JSONL), columns: JSON_COLUMNS }),
  ],
  [
    'JSON arrays',
    () => ({
      ...{ format: 'json', name: 'a.json', columns: JSON_COLUMNS },
      bytes: Buffer.from(JSON.stringify(LINES, null, 1)),
    }),
  ],
  [
    'UTF-16',
    () => ({
      format: 'jsonl',
      name: 'a.jsonl',
      bytes: Buffer.from(`\ufeff${JSONL}`, 'utf16le'),
      columns: JSON_COLUMNS,
    }),
  ],
  ['CSV', () => ({ format: 'csv', name: 'a.csv', bytes: Buffer.from(CSV), columns: CSV_COLUMNS })],
  [
    'gzip',
    () => ({
      ...{
        format: 'jsonl',
        name: 'a.jsonl.gz',
        columns: JSON_COLUMNS,
        isChecked: true,
        textChars: JSONL.length,
      },
      bytes: Buffer.concat([gzipSync(JSONL.slice(0, 900)), gzipSync(JSONL.slice(900))]),
    }),
  ],
  [
    'zstd with checksums',
    async () => ({
      ...{ format: 'csv', name: 'a.csv.zst', columns: CSV_COLUMNS, isChecked: true, textChars: CSV.length },
      bytes: Buffer.concat([await withChecksum(CSV.slice(0, 900)), await withChecksum(CSV.slice(900))]),
    }),
  ],
];

for (const [kind, original] of TEXTS) test(`mutated ${kind}`, async (t) => fuzz(t, await original()));

const PARQUET: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'scalars.parquet': {
    dec9: 'float64',
    dec38: 'string',
    int64: 'int64',
    bool: 'bool',
    ts_us: 'timestamp',
    json: 'string',
  },
  'scalars-v2.parquet': {
    int64: 'int64',
    words: 'string',
    time_ns: 'string',
    uuid: 'string',
    float16: 'float64',
  },
  'nested.parquet': {
    ...{ ints: 'list<int64>', struct: 'struct<a: string, b: float64>', chat: 'messages' },
    ...{
      map: 'list<struct<key: string, value: int64>>',
      deep: 'struct<in: struct<n: int32>, l: list<int32>>',
    },
  },
  'encodings.parquet': { delta: 'int64', lengths: 'string', prefixes: 'string', split: 'float64' },
  'names.parquet': { constructor: 'string', 'a.b': 'string' },
};

test('mutated Parquet: as long as the texts', async (t) => {
  const column = (name: keyof (typeof LINES)[number], type: BasicType) => ({
    ...{ name, type, data: LINES.map((line) => line[name]) },
  });
  const bytes = parquetWriteBuffer({
    columnData: [column('question', 'STRING'), column('n', 'DOUBLE')],
    codec: 'UNCOMPRESSED',
    rowGroupSize: Math.ceil(LINES.length / 3),
  });
  return fuzz(t, {
    format: 'parquet',
    name: 'a.parquet',
    bytes: new Uint8Array(bytes),
    columns: CSV_COLUMNS,
  });
});

for (const [name, columns] of Object.entries(PARQUET))
  test(`mutated Parquet: ${name}`, async (t) =>
    fuzz(t, { format: 'parquet', name, columns, bytes: await readFile(join(FIXTURES, name)) }));
