import type { Data, RecordBatch, Schema } from 'apache-arrow';
import type { RowGroup } from 'hyparquet';
import type { ByteWriter } from 'hyparquet-writer';
import { parquetSchema } from '../parquetSchema.js';
import { type WrittenChunk, writeColumnChunk } from './columnChunk.js';
import { type ShardLeaf, leavesOf } from './leaves.js';
import { createSlots, fillSlots } from './slots.js';

/** What the footer says of a row group, and of each leaf in it. */
export interface WrittenRowGroup {
  group: RowGroup;
  chunks: WrittenChunk[];
}

export type WriteRowGroup = (writer: ByteWriter, batches: readonly RecordBatch[]) => WrittenRowGroup;

/** Writes row groups of batches with these columns, one after the other. */
export function rowGroupWriter(schema: Schema, compress: (input: Uint8Array) => Uint8Array): WriteRowGroup {
  const columns = leavesOfColumns(schema);
  const slots = createSlots();
  return (writer, batches) => {
    const start = writer.offset;
    const chunks = columns.flatMap((leaves, at) =>
      leaves.map((leaf) => {
        fillSlots(slots, leaf, piecesOf(batches, at));
        return writeColumnChunk(writer, leaf, slots, compress);
      }),
    );
    const group = {
      columns: chunks.map(({ chunk }) => chunk),
      total_byte_size: chunks.reduce((sum, { chunk }) => sum + chunk.meta_data!.total_uncompressed_size, 0n),
      num_rows: BigInt(batches.reduce((sum, { numRows }) => sum + numRows, 0)),
      total_compressed_size: BigInt(writer.offset - start),
    };
    return { group, chunks };
  };
}

/** The leaves of each column. */
function leavesOfColumns(schema: Schema): ShardLeaf[][] {
  const below = parquetSchema(schema).slice(1)[Symbol.iterator]();
  return schema.fields.map((field) => leavesOf(field, below));
}

function piecesOf(batches: readonly RecordBatch[], at: number): Data[] {
  return batches.map(({ data }) => data.children[at]!);
}
