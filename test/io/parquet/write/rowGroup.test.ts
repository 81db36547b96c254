import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from 'hyparquet-writer';
import { buildRows } from '../../../../src/arrow/build.js';
import type { Column } from '../../../../src/arrow/columnType.js';
import { rowGroupWriter } from '../../../../src/io/parquet/write/rowGroup.js';

const COLUMNS: Column[] = [
  { name: 'seq', type: 'int32', help: '' },
  { name: 'chat', type: 'messages', help: '' },
];

test('the footer is told all leaves of all batches, with their sizes and places', () => {
  const chat = [{ role: 'user', content: null }];
  const batches = [1, 2].map((count) =>
    buildRows(COLUMNS, [Array(count).fill(count), Array(count).fill(chat)], count),
  );
  const writer = new ByteWriter();
  writer.appendUint32(0);
  const { group, chunks } = rowGroupWriter(batches[0]!.schema, (input) => input)(writer, batches);
  assert.equal(group.num_rows, 3n);
  assert.equal(Number(group.total_compressed_size), writer.offset - 4);
  assert.equal(group.total_byte_size, group.total_compressed_size, 'nothing is compressed');
  assert.deepEqual(
    chunks.map(({ chunk }) => chunk.meta_data!.path_in_schema.join('.')),
    ['seq', 'chat.list.element.role', 'chat.list.element.content'],
  );
  assert.equal(Number(group.columns[0]!.file_offset), 4);
  assert.equal(chunks[2]!.chunk.meta_data!.statistics!.null_count, 3n);
});
