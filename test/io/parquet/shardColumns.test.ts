import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Column } from '../../../src/arrow/columnType.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readShardColumns } from '../../../src/io/parquet/shardColumns.js';
import { readParquetBlocks } from '../../../src/io/parquet/readParquet.js';
import { testFolder } from '../../helpers/files/testFolder.js';
import { writtenRun } from '../../helpers/runs/writtenRun.js';

const COLUMNS: Column[] = [
  { name: 'text', type: 'string', help: '', nullable: true },
  { name: 'big', type: 'int64', help: '' },
  { name: 'isRight', type: 'bool', help: '' },
  { name: 'rewards', type: 'list<float64>', help: '' },
  { name: 'chat', type: 'messages', help: '' },
  { name: 'nested', type: 'struct<name: string, parts: list<int32>>', help: '' },
];

test('the columns of a shard are those that were written, and its rows can be read by them', async (t) => {
  const values = [null, 5n, true, [1, 2.5], [{ role: 'user', content: 'a' }], { name: 'n', parts: [1] }];
  const folder = await writtenRun({
    ...{ folder: join(await testFolder(t), 'run'), rows: 1, columns: COLUMNS },
    row: () => values,
  });
  const path = join(folder, 'shards/shard-00000.parquet');
  const columns = await readShardColumns(nodeFiles, path);
  assert.deepEqual(
    columns.map(({ name, type, nullable }) => [name, type, nullable]),
    [
      ['seq', 'int32', false],
      ['text', 'string', true],
      ['big', 'int64', false],
      ['isRight', 'bool', false],
      ['rewards', 'list<float64>', false],
      ['chat', 'list<struct<role: string, content: string>>', false],
      ['nested', 'struct<name: string, parts: list<int32>>', false],
    ],
  );
  for await (const block of readParquetBlocks(nodeFiles, { paths: [path], columns }))
    assert.equal(JSON.stringify(block.values[4]), '[[1,2.5]]');
});
