import { createHash } from 'node:crypto';
import { type RecordBatch, type Schema } from 'apache-arrow';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { assertSameColumns, sliceRows } from '../../arrow/concat.js';
import type { WrittenFile } from '../files/atomicFile.js';
import { encodeArrowSchema, parquetSchema } from './parquetSchema.js';
import { rowGroupWriter } from './write/rowGroup.js';
import { compressZstd } from './zstd.js';

export interface ShardOptions {
  schema: Schema;
  /** Key-value metadata of every file, in this order; `ARROW:schema` is added. */
  metadata: Readonly<Record<string, string>>;
  /** Rows of every row group but the last, which holds the rest. 4,096 to 16,384 measured best. */
  rowGroupRows: number;
  /** 1 (fast) to 22 (small). */
  zstdLevel: number;
}

/** Turns rows into the bytes of one Parquet file, in pieces. The bytes depend on the rows and the options alone. */
export interface ShardEncoder {
  /** The bytes that these rows completed: none until a row group is full. */
  write(rows: RecordBatch): Uint8Array[];
  /** The last bytes, with the size and hash of the file. */
  finish(): { bytes: Uint8Array[]; written: WrittenFile };
}

/** `loadZstd` must have been awaited in this thread. */
export function createShardEncoder({
  schema,
  metadata,
  rowGroupRows,
  zstdLevel,
}: ShardOptions): ShardEncoder {
  const buffer = new ByteWriter();
  const hash = createHash('sha256');
  const kvMetadata = Object.entries({ ...metadata, 'ARROW:schema': encodeArrowSchema(schema) });
  const writeGroup = rowGroupWriter(schema, (input) => compressZstd(input, zstdLevel));
  // It writes the head and the foot; row groups are written here, without an object for each value.
  const writer = new ParquetWriter({
    writer: buffer,
    schema: parquetSchema(schema),
    kvMetadata: kvMetadata.map(([key, value]) => ({ key, value })),
    createdBy: 'scalequest',
  });
  let waiting: RecordBatch[] = [];
  let waitingRows = 0;
  let rows = 0;

  function write(batch: RecordBatch): Uint8Array[] {
    assertSameColumns(schema, batch.schema);
    const pieces: Uint8Array[] = [];
    let from = 0;
    while (from < batch.numRows) {
      const to = Math.min(batch.numRows, from + rowGroupRows - waitingRows);
      waiting.push(sliceRows(batch, from, to));
      waitingRows += to - from;
      from = to;
      if (waitingRows === rowGroupRows) pieces.push(writeRowGroup());
    }
    return pieces;
  }

  function writeRowGroup(): Uint8Array {
    const { group, chunks } = writeGroup(buffer, waiting);
    writer.row_groups.push(group);
    writer.pendingIndexes.push(...chunks);
    writer.num_rows += group.num_rows;
    rows += waitingRows;
    waiting = [];
    waitingRows = 0;
    return drain();
  }

  function finish(): { bytes: Uint8Array[]; written: WrittenFile } {
    const bytes = waitingRows > 0 ? [writeRowGroup()] : [];
    void writer.finish();
    bytes.push(drain());
    return { bytes, written: { rows, bytes: buffer.offset, sha256: hash.digest('hex') } };
  }

  function drain(): Uint8Array {
    const bytes = buffer.getBytes().slice();
    buffer.index = 0;
    hash.update(bytes);
    return bytes;
  }

  return { write, finish };
}
