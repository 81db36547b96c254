import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, before, test } from 'node:test';
import { RecordBatch, Table, Uint16, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column } from '../../../src/arrow/columnType.js';
import { seqBatch } from '../../../src/arrow/columns.js';
import { sliceRows } from '../../../src/arrow/concat.js';
import { columnValues } from '../../../src/arrow/read.js';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { readParquetBlocks } from '../../../src/io/parquet/readParquet.js';
import type { StartEncoder } from '../../../src/io/parquet/encoderThread.js';
import type { ShardOptions } from '../../../src/io/parquet/shardEncoder.js';
import { type ShardWriter, openShardWriter } from '../../../src/io/parquet/shardWriter.js';
import { loadZstd } from '../../../src/io/parquet/zstd.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { anyRows, asStored } from '../../arrow/arbitraries.js';
import { testFolder, watchedFiles } from '../../helpers/files/testFolder.js';

before(loadZstd);

function testWriter(
  t: TestContext,
  options: Partial<ShardOptions> & Pick<ShardOptions, 'schema'>,
  files: Files = nodeFiles,
  startEncoder?: StartEncoder,
) {
  const all = { metadata: { pipeline: 'test' }, rowGroupRows: 7, zstdLevel: 1, ...options };
  const writer = openShardWriter(files, all, startEncoder);
  t.after(() => writer.close());
  return writer;
}

async function writeAll(writer: ShardWriter, path: string, batches: readonly RecordBatch[]) {
  await writer.open(path);
  for (const rows of batches) await writer.write(rows);
  return writer.finish();
}

test(
  'reads back every type, null and edge of text; the record of the file is right',
  { timeout: 60_000 },
  async (t) => {
    const folder = await testFolder(t);
    const path = join(folder, 'a.parquet');
    const examples = fc.sample(
      anyRows(30).filter(({ rowCount }) => rowCount > 0),
      { numRuns: 25, seed: 11 },
    );
    for (const [at, { columns, values, rows }] of examples.entries()) {
      // A few through the thread, which loads its modules anew.
      const writer = testWriter(t, { schema: rows.schema }, nodeFiles, at < 4 ? undefined : encoderHere);
      const written = await writeAll(writer, path, [rows]);
      await writer.close();
      const bytes = await readFile(path);
      assert.deepEqual(written, {
        rows: rows.numRows,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      });
      const read = columns.map((): unknown[] => []);
      for await (const block of readParquetBlocks(nodeFiles, { paths: [path], columns })) {
        block.values.forEach((column, at) => read[at]!.push(...column));
      }
      columns.forEach((_, at) => assert.deepEqual(read[at], values[at]!.map(asStored)));
    }
  },
);

test('the bytes do not depend on how the rows were cut into batches', { timeout: 60_000 }, async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, 'a.parquet');
  const { rows, rowCount } = fc.sample(
    anyRows(60).filter(({ rowCount }) => rowCount > 50),
    { numRuns: 1, seed: 5 },
  )[0]!;
  const writer = testWriter(t, { schema: rows.schema });
  const whole = await writeAll(writer, path, [rows]);
  for (const batchRows of [1, 6, 7, 8, 50]) {
    const batches: RecordBatch[] = [];
    for (let from = 0; from < rowCount; from += batchRows) {
      batches.push(sliceRows(rows, from, Math.min(rowCount, from + batchRows)), sliceRows(rows, from, from));
    }
    assert.deepEqual(await writeAll(writer, path, batches), whole, `${batchRows} rows a batch`);
  }
  const other = await writeAll(testWriter(t, { schema: rows.schema, rowGroupRows: 8 }), path, [rows]);
  assert.notEqual(other.sha256, whole.sha256, 'this test could not fail');
});

test('batches that came as Arrow IPC, whose types are other objects of Arrow’s, are rows like others', async (t) => {
  const folder = await testFolder(t);
  const columns: Column[] = [
    { name: 'score', type: 'float64', help: '' },
    { name: 'scores', type: 'list<float64>', help: '' },
  ];
  const own = [0, 1, 2, 3].map((at) =>
    buildRows(
      columns,
      [
        [at, at / 2],
        [[at], [null, 1]],
      ],
      2,
    ),
  );
  const read = own.map((rows) => tableFromIPC(tableToIPC(new Table(rows), 'stream')).batches[0]!);
  const writer = testWriter(t, { schema: own[0]!.schema, rowGroupRows: 100 });
  const written = await writeAll(writer, join(folder, 'a.parquet'), own);
  assert.equal(written.rows, 8);
  for (const mixed of [[read[0]!, own[1]!, read[2]!, own[3]!], [own[0]!, read[1]!, own[2]!, read[3]!], read])
    assert.deepEqual(await writeAll(writer, join(folder, 'b.parquet'), mixed), written);
});

test('rows that do not come to the encoder are missed, not left out', async (t) => {
  const rows = seqBatch(0, 3);
  const losing: StartEncoder = (options, onMessage, onError) => {
    const encoder = encoderHere(options, onMessage, onError);
    let messages = 0;
    return {
      ...encoder,
      send(message) {
        if (message.kind !== 'rows' || ++messages !== 1) encoder.send(message);
      },
    };
  };
  const writer = testWriter(t, { schema: rows.schema, rowGroupRows: 3 }, nodeFiles, losing);
  const path = join(await testFolder(t), 'a.parquet');
  await assert.rejects(writeAll(writer, path, [rows, rows]), {
    code: 'ERR_INVARIANT',
    message: /3 of 6 rows/,
  });
});

test('row groups are exactly as long as asked for; metadata and UTF-8 statistics are in the file', async (t) => {
  const path = join(await testFolder(t), 'a.parquet');
  const column = { name: 'text', type: 'string', help: 'Some text.' } as const;
  const values = ['😀', '\uffee', 'a', 'b', 'c'];
  const writer = testWriter(t, { schema: buildRows([column], [[]], 0).schema, rowGroupRows: 2 });
  await writeAll(writer, path, [buildRows([column], [values], 5)]);
  const { buffer } = new Uint8Array(await readFile(path));
  const metadata = parquetMetadata(buffer);
  assert.deepEqual(
    metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
    [2, 2, 1],
  );
  const { codec, statistics } = metadata.row_groups[0]!.columns[0]!.meta_data!;
  assert.equal(codec, 'ZSTD');
  assert.deepEqual(
    [statistics?.min_value, statistics?.max_value],
    ['\uffee', '😀'],
    'UTF-16 order would swap them',
  );
  assert.deepEqual(
    metadata.key_value_metadata?.map(({ key }) => key),
    ['pipeline', 'ARROW:schema'],
  );
});

test('under the final name only when whole; no rows, no file', async (t) => {
  const folder = await testFolder(t);
  const { files, calls } = watchedFiles();
  const writer = testWriter(t, { schema: seqBatch(0, 0).schema }, files);
  await writer.open(join(folder, 'a.parquet'));
  await writer.write(seqBatch(0, 20));
  assert.deepEqual(await readdir(folder), ['a.parquet.tmp']);
  await writer.finish();
  assert.deepEqual(await readdir(folder), ['a.parquet']);
  assert.deepEqual(
    calls.slice(-4).map((call) => call.split(' ')[0]),
    ['sync', 'close', 'rename', 'syncFolder'],
  );
  assert.deepEqual(await writeAll(writer, join(folder, 'b.parquet'), [seqBatch(0, 0)]), {
    rows: 0,
    bytes: 0,
    sha256: '',
  });
  assert.deepEqual(await readdir(folder), ['a.parquet']);
});

test('an aborted file leaves nothing, and the next one is whole', async (t) => {
  const folder = await testFolder(t);
  const writer = testWriter(t, { schema: seqBatch(0, 0).schema });
  await writer.open(join(folder, 'a.parquet'));
  await writer.write(seqBatch(0, 50));
  await writer.abort();
  await writer.abort();
  assert.deepEqual(await readdir(folder), []);
  const { rows } = await writeAll(writer, join(folder, 'b.parquet'), [seqBatch(0, 9)]);
  assert.equal(rows, 9);
});

test('a full disk ends the file with a clear error, whichever call meets it', async (t) => {
  for (const failing of ['open', 'write', 'sync', 'rename', 'syncFolder']) {
    const folder = await testFolder(t);
    const { files } = watchedFiles((call) => (call.startsWith(`${failing} `) ? 'ENOSPC' : null));
    const writer = testWriter(t, { schema: seqBatch(0, 0).schema }, files);
    await assert.rejects(writeAll(writer, join(folder, 'a.parquet'), [seqBatch(0, 40)]), {
      code: 'ERR_IO_WRITE',
      message: /\(ENOSPC\): the disk is full/,
    });
    await writer.abort();
    await writer.close();
    const left = failing === 'syncFolder' ? ['a.parquet'] : [];
    assert.deepEqual(await readdir(folder), left, failing);
  }
});

test('takes no more rows than about two row groups ahead of the disk', { timeout: 30_000 }, async (t) => {
  let release = () => {};
  const blocked = new Promise<void>((resolve) => (release = resolve));
  const slow: Files = {
    ...nodeFiles,
    open: async (path, mode) => {
      const file = await nodeFiles.open(path, mode);
      return { ...file, write: async (bytes) => (await blocked, file.write(bytes)) };
    },
  };
  const writer = testWriter(t, { schema: seqBatch(0, 0).schema, rowGroupRows: 10 }, slow);
  await writer.open(join(await testFolder(t), 'a.parquet'));
  let taken = 0;
  const all = (async () => {
    for (let lo = 0; lo < 200; lo += 5, taken += 5) await writer.write(seqBatch(lo, lo + 5));
  })();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(taken >= 20 && taken <= 40, `${taken} rows were taken while the disk stood still`);
  release();
  await all;
  assert.equal((await writer.finish()).rows, 200);
});

test('rows of another schema, a second open, no open: bugs, said clearly', async (t) => {
  const folder = await testFolder(t);
  const writer = testWriter(t, { schema: seqBatch(0, 0).schema });
  await assert.rejects(writer.write(seqBatch(0, 1)), /no shard is open/);
  await writer.open(join(folder, 'a.parquet'));
  await assert.rejects(writer.open(join(folder, 'b.parquet')), /a\.parquet is still open/);
  const other = buildRows([{ name: 'x', type: 'bool', help: '' }], [[true]], 1);
  await assert.rejects(writer.write(other), {
    code: 'ERR_INVARIANT',
    message: /found a batch with the columns x: Bool/,
  });
});

test('rows keep their order over many batches', async (t) => {
  const path = join(await testFolder(t), 'a.parquet');
  const writer = testWriter(t, { schema: seqBatch(0, 0).schema, rowGroupRows: 64 });
  const batches = Array.from({ length: 100 }, (_, at) => seqBatch(at * 10, at * 10 + 10));
  await writeAll(writer, path, batches);
  const read: unknown[] = [];
  const columns = [{ name: 'seq', type: 'int32', help: '' } as const];
  for await (const { values } of readParquetBlocks(nodeFiles, { paths: [path], columns }))
    read.push(...values[0]!);
  assert.deepEqual(
    read,
    batches.flatMap((rows) => columnValues(rows, 'seq')),
  );
});

test('a failing encoder is an error of the file, not silence', async (t) => {
  const rows = new RecordBatch({ big: vectorFromArray([1], new Uint16()).data[0]! });
  const folder = await testFolder(t);
  const writer = testWriter(t, { schema: rows.schema, rowGroupRows: 1 });
  await writer.open(join(folder, 'a.parquet'));
  await assert.rejects(
    (async () => {
      for (let at = 0; at < 9; at++) await writer.write(rows);
    })(),
    {
      code: 'ERR_INVARIANT',
      message: /cannot encode rows for .*a\.parquet: column "big" has the Arrow type Uint16/,
    },
  );
  await assert.rejects(writer.finish(), { code: 'ERR_INVARIANT' });
  await writer.close();
  assert.deepEqual(await readdir(folder), []);
});

test('a column without a name, and one of any name, come back', { timeout: 60_000 }, async (t) => {
  const path = join(await testFolder(t), 'a.parquet');
  const columns = ['', '__proto__', 'constructor', 'a.b'].map((name) => ({
    ...({ name, type: 'string', help: '', nullable: true } as const),
  }));
  const values = columns.map(({ name }) => [name, null]);
  const rows = buildRows(columns, values, 2);
  const writer = testWriter(t, { schema: rows.schema });
  await writeAll(writer, path, [rows]);
  for await (const block of readParquetBlocks(nodeFiles, { paths: [path], columns }))
    assert.deepEqual(block.values, values);
});
