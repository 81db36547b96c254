import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { emptyRows } from '../arrow/columns.js';
import { concatRows } from '../arrow/concat.js';
import type { Decision } from './decision.js';

/**
 * A decision as the store keeps it: bytes of the head (uint32, little-endian) · the head, as JSON · spaces up to a multiple of
 * eight · the written columns as an Arrow IPC stream, if there are any. The store has a checksum of it, and its key names the
 * code that wrote it, so that what is read is what was written.
 */

interface Head {
  rowsIn: number;
  /** Null for all rows, each once. */
  from: readonly number[] | null;
  side: Decision['side'];
  hasMemory?: boolean | undefined;
}

const LENGTH_BYTES = 4;
const ALIGNED_BYTES = 8;

export function encodeDecision({ rowsIn, from, written, side, hasMemory }: Decision): Buffer {
  const head: Head = { rowsIn, from: isEveryRow(rowsIn, from) ? null : from, side, hasMemory };
  const text = Buffer.from(JSON.stringify(head));
  const ipc = written ? tableToIPC(new Table(written), 'stream') : new Uint8Array();
  const ipcAt = alignedAt(LENGTH_BYTES + text.length);
  const bytes = Buffer.alloc(ipcAt + ipc.length, ' ');
  bytes.writeUInt32LE(text.length);
  text.copy(bytes, LENGTH_BYTES);
  bytes.set(ipc, ipcAt);
  return bytes;
}

export function decodeDecision(bytes: Buffer): Decision {
  const end = LENGTH_BYTES + bytes.readUInt32LE();
  const {
    rowsIn,
    from,
    side,
    hasMemory = false,
  } = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end)) as Head;
  const ipc = bytes.subarray(alignedAt(end));
  const written = ipc.length > 0 ? readColumns(ipc) : null;
  const places = from ?? Array.from({ length: rowsIn }, (_, at) => at);
  return { rowsIn, from: places, written, side, hasMemory };
}

function readColumns(ipc: Buffer): Decision['written'] {
  const { schema, batches } = tableFromIPC(ipc);
  return batches.length > 0 ? concatRows(batches) : emptyRows(schema);
}

function isEveryRow(rowsIn: number, from: readonly number[]): boolean {
  return from.length === rowsIn && from.every((place, at) => place === at);
}

function alignedAt(offset: number): number {
  return Math.ceil(offset / ALIGNED_BYTES) * ALIGNED_BYTES;
}
