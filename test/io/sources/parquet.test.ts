import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { Block } from '../../../src/io/sources/format.js';
import { parquet } from '../../../src/io/sources/parquet.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('opens the files that its options name, from a position on', async (t) => {
  const path = join(await testFolder(t), 'a.parquet');
  const columnData = [{ name: 'problem', data: ['1 + 1?', '1 + 2?', '1 + 3?'], type: 'STRING' as const }];
  await writeFile(path, Buffer.from(parquetWriteBuffer({ columnData })));
  const options = parquet.schema.parse({ path, from: { question: 'problem' } });
  const { paths, fileColumns } = parquet.describe(options);
  const blocks: Block[] = [];
  const request = { paths, columns: fileColumns, batchRows: 8, from: 1 };
  for await (const block of parquet.open(nodeFiles, request, options)) blocks.push(block);
  assert.deepEqual(blocks, [{ file: path, row: 1, values: [['1 + 2?', '1 + 3?']] }]);
});
