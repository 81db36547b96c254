import { createHash } from 'node:crypto';
import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { emptyRows } from '../arrow/columns.js';
import { concatRows } from '../arrow/concat.js';
import { type Decision, isRecalled } from './decision.js';

/**
 * A decision as the store keeps it: bytes of the head (uint32, little-endian) · the head, as JSON · spaces up to a multiple of
 * eight · the written columns as an Arrow IPC stream, if there are any. The store has a checksum of it, and its key names the
 * code that wrote it, so that what is read is what was written. What it is a decision about is not in the key: rows may be
 * more or fewer in a run that ends elsewhere, and another run may have had other replies. So each names the record before it,
 * of the same rows and the step before, by its hash, and with that all of them up to the first, which says how many rows there are.
 */

interface Head {
  /** Of the step before; empty for the first. */
  after: string;
  rowsIn: number;
  /** Null for all rows, each once. */
  from: readonly number[] | null;
  side: Decision['side'];
  learnt?: string | undefined;
}

const LENGTH_BYTES = 4;
const ALIGNED_BYTES = 8;

/** A decision as it was read. */
export interface DecisionRecord {
  decision: Decision;
  /** The link of the record of the step before, without which this one says nothing. */
  after: string;
  /** What the record of the step behind it names it by. */
  link: string;
}

/** Records of what the first steps decided about one stretch, but for those that were recalled and are there. */
export function encodeDecisions(decisions: readonly Decision[]): { step: number; bytes: Buffer }[] {
  const records: { step: number; bytes: Buffer }[] = [];
  let after = NO_LINK;
  for (const [step, decision] of decisions.entries()) {
    const bytes = isRecalled(decision) ? null : encodeDecision(decision, after);
    after = bytes ? linkOf(bytes) : decision.link!;
    if (bytes) records.push({ step, bytes });
  }
  return records;
}

/** What the first step's record is behind. */
export const NO_LINK = '';

function linkOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64').slice(0, LINK_CHARS);
}

const LINK_CHARS = 22;

function encodeDecision({ rowsIn, from, written, side, learnt }: Decision, after: string): Buffer {
  const head: Head = { after, rowsIn, from: isEveryRow(rowsIn, from) ? null : from, side, learnt };
  const text = Buffer.from(JSON.stringify(head));
  const ipc = written ? tableToIPC(new Table(written), 'stream') : new Uint8Array();
  const ipcAt = alignedAt(LENGTH_BYTES + text.length);
  const bytes = Buffer.alloc(ipcAt + ipc.length, ' ');
  bytes.writeUInt32LE(text.length);
  text.copy(bytes, LENGTH_BYTES);
  bytes.set(ipc, ipcAt);
  return bytes;
}

export function decodeDecision(bytes: Buffer): DecisionRecord {
  const end = LENGTH_BYTES + bytes.readUInt32LE();
  const { after, rowsIn, from, side, learnt } = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end)) as Head;
  const ipc = bytes.subarray(alignedAt(end));
  const written = ipc.length > 0 ? readColumns(ipc) : null;
  const places = from ?? Array.from({ length: rowsIn }, (_, at) => at);
  return { decision: { rowsIn, from: places, written, side, learnt }, after, link: linkOf(bytes) };
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
