import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Schema } from 'apache-arrow';
import { buildRows } from '../../../src/arrow/build.js';
import { arrowField } from '../../../src/arrow/arrowType.js';
import { type Column } from '../../../src/arrow/columnType.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openShardWriter } from '../../../src/io/parquet/shardWriter.js';
import { readTexts } from '../../../src/io/sources/readTexts.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const COLUMNS: Column[] = [
  { name: 'problem', type: 'string', help: '' },
  { name: 'level', type: 'int32', help: '' },
];

async function writeParquet(path: string, problems: readonly string[]): Promise<void> {
  const schema = new Schema(COLUMNS.map(arrowField));
  const options = { schema, metadata: {}, rowGroupRows: 2, zstdLevel: 3 };
  const writer = openShardWriter(nodeFiles, options, encoderHere);
  await writer.open(path);
  await writer.write(buildRows(COLUMNS, [[...problems], problems.map((_, at) => at)], problems.length));
  await writer.finish();
  await writer.close();
}

test('a column of a JSON Lines file, of a Parquet file, and of a folder of each, in name order', async (t) => {
  const folder = await testFolder(t);
  const lines = (...texts: string[]): string =>
    texts.map((text) => `${JSON.stringify({ q: text })}\n`).join('');
  await mkdir(join(folder, 'lines'));
  await writeFile(join(folder, 'lines', 'b.jsonl'), lines('c'));
  await writeFile(join(folder, 'lines', 'a.jsonl'), lines('a', '', 'b\nb'));
  assert.deepEqual(await readTexts(join(folder, 'lines', 'a.jsonl'), 'q'), ['a', '', 'b\nb']);
  assert.deepEqual(await readTexts(join(folder, 'lines'), 'q'), ['a', '', 'b\nb', 'c']);

  await mkdir(join(folder, 'tables'));
  await writeParquet(join(folder, 'tables', '1.parquet'), ['é', '$x$', 'z']);
  await writeParquet(join(folder, 'tables', '2.parquet'), ['last']);
  assert.deepEqual(await readTexts(join(folder, 'tables', '1.parquet'), 'problem'), ['é', '$x$', 'z']);
  assert.deepEqual(await readTexts(join(folder, 'tables'), 'problem'), ['é', '$x$', 'z', 'last']);
});

test('what cannot be read says why; a fault of the column names it', async (t) => {
  const folder = await testFolder(t);
  await writeParquet(join(folder, 'a.parquet'), ['x']);
  await writeFile(join(folder, 'a.txt'), 'x');
  await mkdir(join(folder, 'both'));
  await writeParquet(join(folder, 'both', 'a.parquet'), ['x']);
  await writeFile(join(folder, 'both', 'a.jsonl'), '{"problem":"x"}\n');
  await assert.rejects(readTexts(join(folder, 'both'), 'problem'), {
    code: 'ERR_DATA_INVALID',
    message: /found \.jsonl and \.parquet files in it, expected files of one format/,
  });
  await assert.rejects(readTexts(join(folder, 'a.txt'), 'q'), /expected a \.jsonl or .* or \.parquet file/);
  const faultOf = async (name: string, column: string): Promise<unknown> => {
    try {
      await readTexts(join(folder, name), column);
    } catch (error) {
      const { code, data } = error as { code: string; data: Record<string, unknown> };
      return [code, data['column']];
    }
    return 'none';
  };
  assert.deepEqual(await faultOf('gone.jsonl', 'q'), ['ERR_IO_READ', undefined]);
  assert.deepEqual(await faultOf('a.txt', 'q'), ['ERR_DATA_INVALID', undefined]);
  assert.deepEqual(await faultOf('a.parquet', 'question'), ['ERR_DATA_INVALID', 'question']);
  assert.deepEqual(await readTexts(join(folder, 'a.parquet'), 'level'), ['0']);
});
