import { createHash } from 'node:crypto';
import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { emptyRows } from '../../arrow/columns.js';
import { concatRows } from '../../arrow/concat.js';
import { type RowEvent, type StateDelta, isDelta } from '../rowEvents.js';
import { type StepResult, isReplayed } from './stepResult.js';

/**
 * A step result as the store keeps it: length of the head in bytes (uint32, little-endian) · the head, as JSON · state deltas that are
 * bytes, one behind the other · spaces up to a multiple of eight · the written columns as an Arrow IPC stream, if there are any.
 *
 * The store adds a checksum, and its key names the code that wrote the record, so reading needs no further check. The key does
 * not say which rows the record is about: a run that ends elsewhere has more or fewer of them, and another run may have had
 * other replies. So each record names the one of the step before by its hash, and thereby the whole chain of the same rows
 * down to the first step, whose record says how many rows there are.
 */

interface Head {
  /** Link of the step before; empty for the first. */
  after: string;
  rowsIn: number;
  /** Null for all rows, each once. */
  from: readonly number[] | null;
  events: StepResult['events'];
  /** Event by event, for each state delta that is bytes: its index, and how many. Absent where there are none. */
  byteDeltas?: readonly (readonly [index: number, bytes: number])[];
  stateBefore?: string | undefined;
}

const LENGTH_BYTES = 4;
const ALIGNED_BYTES = 8;

/** A step result as it was read. */
export interface StepResultRecord {
  result: StepResult;
  /** The link of the record of the step before, without which this one says nothing. */
  after: string;
  /** The name by which the record of the next step refers to this one. */
  link: string;
}

/** Records of the first steps' results on one segment, except for those that were replayed and thus are stored already. */
export function encodeStepResults(results: readonly StepResult[]): { step: number; bytes: Buffer }[] {
  const records: { step: number; bytes: Buffer }[] = [];
  let after = NO_LINK;
  for (const [step, result] of results.entries()) {
    const bytes = isReplayed(result) ? null : encodeStepResult(result, after);
    after = bytes ? linkOf(bytes) : result.link!;
    if (bytes) records.push({ step, bytes });
  }
  return records;
}

/** What the first step's record comes after. */
export const NO_LINK = '';

function linkOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64').slice(0, LINK_CHARS);
}

const LINK_CHARS = 22;

function encodeStepResult(result: StepResult, after: string): Buffer {
  const { rowsIn, from, written, events, stateBefore } = result;
  const byteDeltas = events.flatMap((event, index) => {
    const value = isDelta(event) ? event.value : null;
    return value instanceof Uint8Array ? [{ index, value }] : [];
  });
  const head: Head = {
    ...{ after, rowsIn, from: isEveryRow(rowsIn, from) ? null : from },
    events: byteDeltas.length > 0 ? events.map(withoutBytes) : events,
    ...(byteDeltas.length > 0 && {
      byteDeltas: byteDeltas.map(({ index, value }) => [index, value.length] as const),
    }),
    stateBefore,
  };
  const text = Buffer.from(JSON.stringify(head));
  const ipc = written ? tableToIPC(new Table(written), 'stream') : new Uint8Array();
  const deltaBytes = byteDeltas.reduce((sum, { value }) => sum + value.length, 0);
  const ipcAt = alignedAt(LENGTH_BYTES + text.length + deltaBytes);
  const bytes = Buffer.alloc(ipcAt + ipc.length, ' ');
  bytes.writeUInt32LE(text.length);
  let at = LENGTH_BYTES;
  for (const part of [text, ...byteDeltas.map(({ value }) => value)]) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes.set(ipc, ipcAt);
  return bytes;
}

function withoutBytes(event: RowEvent): RowEvent {
  return isDelta(event) && event.value instanceof Uint8Array ? { ...event, value: null } : event;
}

export function decodeStepResult(bytes: Buffer): StepResultRecord {
  const end = LENGTH_BYTES + bytes.readUInt32LE();
  const head = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end)) as Head;
  const { after, rowsIn, stateBefore, byteDeltas = [] } = head;
  const events = [...head.events];
  let at = end;
  for (const [index, length] of byteDeltas) {
    events[index] = { ...(events[index] as StateDelta), value: bytes.subarray(at, (at += length)) };
  }
  const ipc = bytes.subarray(alignedAt(at));
  const written = ipc.length > 0 ? readColumns(ipc) : null;
  const from = head.from ?? Array.from({ length: rowsIn }, (_, at) => at);
  return { result: { rowsIn, from, written, events, stateBefore }, after, link: linkOf(bytes) };
}

function readColumns(ipc: Buffer): StepResult['written'] {
  const { schema, batches } = tableFromIPC(ipc);
  return batches.length > 0 ? concatRows(batches) : emptyRows(schema);
}

function isEveryRow(rowsIn: number, from: readonly number[]): boolean {
  return from.length === rowsIn && from.every((row, at) => row === at);
}

function alignedAt(offset: number): number {
  return Math.ceil(offset / ALIGNED_BYTES) * ALIGNED_BYTES;
}
