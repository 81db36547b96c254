import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RecordBatch } from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column } from '../../../src/arrow/columnType.js';
import { columnValues } from '../../../src/arrow/read.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readParquetBlocks } from '../../../src/io/parquet/readParquet.js';
import { listDataFiles } from '../../../src/io/files/dataFiles.js';
import type { ReadRequest } from '../../../src/io/sources/format.js';
import { toBatches } from '../../../src/io/sources/toBatches.js';
import { openShardWriter } from '../../../src/io/parquet/shardWriter.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const QUESTION: Column = { name: 'question', type: 'string', help: '' };
const TAGS: Column = { name: 'tags', type: 'list<string>', help: '', nullable: true };

/** Two files, row groups of 4: rows 0 to 9 and 10 to 14. */
async function twoFiles(t: TestContext): Promise<string> {
  const folder = await testFolder(t);
  const tags = (at: number) => (at % 3 === 0 ? null : at % 3 === 1 ? [] : ['a', `${at}`]);
  for (const [name, from, to] of [
    ['b', 10, 15],
    ['a', 0, 10],
  ] as const) {
    const seqs = Array.from({ length: to - from }, (_, at) => from + at);
    const rows = buildRows([QUESTION, TAGS], [seqs.map((seq) => `q${seq}`), seqs.map(tags)], to - from);
    const options = { schema: rows.schema, metadata: {}, rowGroupRows: 4, zstdLevel: 1 };
    const writer = openShardWriter(nodeFiles, options, encoderHere);
    await writer.open(join(folder, `${name}.parquet`));
    await writer.write(rows);
    await writer.finish();
    await writer.close();
  }
  return folder;
}

async function readAll(request: ReadRequest): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  const { files: paths } = await listDataFiles(nodeFiles, request.paths, { extensions: ['.parquet'] });
  for await (const rows of toBatches(readParquetBlocks(nodeFiles, { ...request, paths }), request))
    batches.push(rows);
  return batches;
}

test('files in name order, batches of batchRows across files and row groups, seq from anywhere', async (t) => {
  const folder = await twoFiles(t);
  for (const from of [0, 3, 4, 9, 10, 12, 15, 99]) {
    const options = { paths: [folder], columns: [TAGS, QUESTION], batchRows: 6, from };
    const batches = await readAll(options);
    const expected = Array.from({ length: Math.max(0, 15 - from) }, (_, at) => from + at);
    assert.deepEqual(
      batches.flatMap((rows) => columnValues(rows, 'seq')),
      expected,
    );
    assert.deepEqual(
      batches.flatMap((rows) => columnValues(rows, 'question')),
      expected.map((seq) => `q${seq}`),
    );
    assert.ok(batches.slice(0, -1).every(({ numRows }) => numRows === 6));
    assert.deepEqual(batches[0]?.schema.names ?? ['seq', 'tags', 'question'], ['seq', 'tags', 'question']);
  }
  const [first] = await readAll({ paths: [folder], columns: [TAGS], batchRows: 3 });
  assert.deepEqual(columnValues(first!, 'tags'), [null, [], ['a', '2']]);
});

test('int64 that fits is int32; what does not fit is named with file, column and row', async (t) => {
  const path = join(await testFolder(t), 'a.parquet');
  const write = async (data: (bigint | null)[]) =>
    writeFile(path, Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'n', data, type: 'INT64' }] })));
  const column: Column = { name: 'n', type: 'int32', help: '' };
  const read = () => readAll({ paths: [path], columns: [column], batchRows: 9 });
  await write([1n, -5n]);
  assert.deepEqual(columnValues((await read())[0]!, 'n'), [1, -5]);
  await write([1n, 2n ** 40n]);
  await assert.rejects(read(), {
    code: 'ERR_DATA_INVALID',
    message: /a\.parquet: column "n", row 1: found 1099511627776, expected an integer/,
  });
  await write([1n, null]);
  await assert.rejects(read(), /row 1: found null, expected an integer/);
});

test('a missing column, a file that is not Parquet, a path that is not there', async (t) => {
  const folder = await twoFiles(t);
  const read = (paths: string[], columns: Column[]) => readAll({ paths, columns, batchRows: 9 });
  await assert.rejects(read([folder], [{ ...QUESTION, name: 'answer' }]), {
    code: 'ERR_DATA_INVALID',
    message: /a\.parquet: found the columns question, tags, expected a column "answer" \(string\)/,
  });
  await writeFile(join(folder, 'c.parquet'), 'no Parquet at all');
  await assert.rejects(read([join(folder, 'c.parquet')], [QUESTION]), {
    code: 'ERR_DATA_INVALID',
    message: /c\.parquet: found a file that begins with "no Parquet at all", expected a Parquet file/,
  });
  await assert.rejects(read([join(folder, 'none')], [QUESTION]), {
    code: 'ERR_IO_READ',
    message: /nothing is there/,
  });
  await assert.rejects(read([folder], [{ ...QUESTION, name: 'seq' }]), {
    code: 'ERR_INVARIANT',
    message: /numbers the rows/,
  });
});
