import { type RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { emptyRows } from '../arrow/columns.js';
import { concatRows } from '../arrow/concat.js';
import type { StepResult } from '../flow/stepResults/stepResult.js';

/** Rows as an Arrow IPC stream. */
export function encodeRows(rows: RecordBatch): Uint8Array {
  return tableToIPC(new Table(rows), 'stream');
}

export function decodeRows(bytes: Uint8Array): RecordBatch {
  const { schema, batches } = tableFromIPC(bytes);
  return batches.length > 0 ? concatRows(batches) : emptyRows(schema);
}

/** A step result without its columns, which stand behind it as so many bytes of Arrow IPC. */
interface ResultHead {
  rowsIn: number;
  /** Null for all rows, each once. */
  from: readonly number[] | null;
  events: StepResult['events'];
  mayDiffer?: true;
  /** Null for no columns. */
  bytes: number | null;
}

const LENGTH_BYTES = 4;
const ALIGNED_BYTES = 8;

/** Step results: bytes of the heads (uint32, little-endian) · the heads, as JSON · their columns, each at a multiple of eight. */
export function encodeResults(results: readonly StepResult[]): Uint8Array {
  const columns = results.map(({ written }) => (written ? encodeRows(written) : null));
  const heads = results.map(({ rowsIn, from, events, mayDiffer }, at): ResultHead => ({
    rowsIn,
    from: isEveryRow(rowsIn, from) ? null : from,
    events,
    ...(mayDiffer ? { mayDiffer } : {}),
    bytes: columns[at]?.length ?? null,
  }));
  const text = Buffer.from(JSON.stringify(heads));
  let end = alignedAt(LENGTH_BYTES + text.length);
  const starts = columns.map((each) => {
    const start = end;
    end = alignedAt(start + (each?.length ?? 0));
    return start;
  });
  const bytes = Buffer.alloc(end);
  bytes.writeUInt32LE(text.length);
  text.copy(bytes, LENGTH_BYTES);
  for (const [at, each] of columns.entries()) if (each) bytes.set(each, starts[at]);
  return bytes;
}

/** `bytes` lie at a multiple of eight. */
export function decodeResults(bytes: Uint8Array): StepResult[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const headEnd = LENGTH_BYTES + all.readUInt32LE();
  const heads = JSON.parse(all.toString('utf8', LENGTH_BYTES, headEnd)) as ResultHead[];
  let at = alignedAt(headEnd);
  return heads.map(({ bytes: count, from, ...head }) => {
    const columns = count === null ? null : all.subarray(at, at + count);
    at = alignedAt(at + (count ?? 0));
    return {
      ...head,
      from: from ?? Array.from({ length: head.rowsIn }, (_, row) => row),
      written: columns ? decodeRows(columns) : null,
    };
  });
}

function isEveryRow(rowsIn: number, from: readonly number[]): boolean {
  return from.length === rowsIn && from.every((row, at) => row === at);
}

function alignedAt(offset: number): number {
  return Math.ceil(offset / ALIGNED_BYTES) * ALIGNED_BYTES;
}
