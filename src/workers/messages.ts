import { ScaleQuestError } from '../errors.js';

/**
 * What the coordinator of a run and its workers tell each other. Both ends run the same code and know one token, which is checked
 * before the first message, so messages are trusted.
 */

/** What the workers of a run are told first. */
export interface PlanMessage {
  kind: 'plan';
  /** Tells one start of the coordinator from another: the numbers of units hold within one. */
  session: string;
  /** The pipeline file, absolute, and its text with the values that this start changed. */
  file: string;
  text: string;
  /** What the same file must come to at the worker. */
  identity: string;
  parts: Readonly<Record<string, string>>;
  /** Whether replies are kept, and asked for before a model is. */
  hasStore: boolean;
}

/** A batch for the steps [first, end); the body holds the columns that they read. */
export interface UnitMessage {
  kind: 'unit';
  id: number;
  first: number;
  end: number;
  body: Uint8Array;
}

/** Counters of a model, as plain numbers. */
export type ModelCounts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type CoordinatorMessage =
  | PlanMessage
  | UnitMessage
  /** Answers to `ask`, by number: which the store has, with its texts in the body; the worker is to ask its models the others. */
  | { kind: 'known'; numbers: readonly number[]; bytes: readonly (number | null)[]; body: Uint8Array }
  /** Answers to `put`: the reply is durable, or, where `bytes` is a number, another reply came first and counts. */
  | { kind: 'kept'; numbers: readonly number[]; bytes: readonly (number | null)[]; body: Uint8Array }
  | { kind: 'alive' }
  | { kind: 'refused'; message: string }
  /** All rows are done. */
  | { kind: 'done' };

export type WorkerMessage =
  | { kind: 'ready'; identity: string; places: number }
  /** The step results of a unit; see `unitCodec.ts`. */
  | { kind: 'answer'; id: number; body: Uint8Array }
  /** The worker cannot go on with any of its units. */
  | { kind: 'failed'; code: string; message: string }
  /** Which of these requests has the store replies to? The keys stand in the body, `KEY_CHARS` bytes each. */
  | { kind: 'ask'; numbers: readonly number[]; body: Uint8Array }
  /** Requests that this worker has begun to ask a model, before it came (again). */
  | { kind: 'claim'; body: Uint8Array }
  /** Requests that failed: another may ask them. */
  | { kind: 'release'; body: Uint8Array }
  /** Replies: their keys stand in the body, then their texts, of so many bytes each. */
  | { kind: 'put'; numbers: readonly number[]; bytes: readonly number[]; body: Uint8Array }
  | { kind: 'beat'; counts: ModelCounts };

export const KEY_CHARS = 16;

const LENGTH_BYTES = 4;
const ALIGNED_BYTES = 8;
/** Larger than any unit or answer: what says more is no message. */
const MESSAGE_BYTES_MAX = 2 ** 31 - 1;

/**
 * A message as it is sent: bytes of all that follows (uint32, little-endian) · bytes of the head · the head, as JSON · spaces up to a
 * multiple of eight · the body.
 */
export function encodeMessage({ body, ...head }: { kind: string; body?: Uint8Array }): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const bodyAt = alignedAt(2 * LENGTH_BYTES + text.length);
  const bytes = Buffer.alloc(bodyAt + (body?.length ?? 0), ' ');
  bytes.writeUInt32LE(bytes.length - LENGTH_BYTES);
  bytes.writeUInt32LE(text.length, LENGTH_BYTES);
  text.copy(bytes, 2 * LENGTH_BYTES);
  if (body) bytes.set(body, bodyAt);
  return bytes;
}

/** A whole message. Its body lies at a multiple of eight in memory of its own, as Arrow's columns must. */
export function decodeMessage<Message>(bytes: Buffer): Message {
  const headBytes = bytes.readUInt32LE(LENGTH_BYTES);
  const end = 2 * LENGTH_BYTES + headBytes;
  const head = JSON.parse(bytes.toString('utf8', 2 * LENGTH_BYTES, end)) as object;
  return { ...head, body: bytes.subarray(alignedAt(end)) } as Message;
}

function alignedAt(offset: number): number {
  return Math.ceil(offset / ALIGNED_BYTES) * ALIGNED_BYTES;
}

/** Cuts what comes from a socket into messages. Throws ERR_WORKER_REFUSED for what is none. */
export function createMessageReader(onMessage: (bytes: Buffer) => void): (piece: Uint8Array) => void {
  let length: number | null = null;
  let message = Buffer.alloc(0);
  let filled = 0;
  const head = Buffer.alloc(LENGTH_BYTES);

  return (piece) => {
    let at = 0;
    while (at < piece.length) {
      const into = length === null ? head : message;
      const taken = Math.min(into.length - filled, piece.length - at);
      into.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < into.length) return;
      if (length === null) {
        length = lengthOf(head);
        message = Buffer.from(new ArrayBuffer(LENGTH_BYTES + length));
        head.copy(message);
        filled = LENGTH_BYTES;
        continue;
      }
      length = null;
      filled = 0;
      onMessage(message);
    }
  };
}

function lengthOf(head: Buffer): number {
  const length = head.readUInt32LE();
  if (length >= LENGTH_BYTES && length <= MESSAGE_BYTES_MAX) return length;
  throw new ScaleQuestError(
    'ERR_WORKER_REFUSED',
    `found a message of ${length} bytes, expected one between a coordinator and a worker: something else is at this address`,
  );
}

/** Keys side by side; a key is a string of characters 0-255. */
export function keysBody(keys: readonly string[]): Buffer {
  return Buffer.from(keys.join(''), 'latin1');
}

export function keysIn(body: Uint8Array, count = body.length / KEY_CHARS): string[] {
  const text = Buffer.from(body.buffer, body.byteOffset, count * KEY_CHARS).toString('latin1');
  return Array.from({ length: count }, (_, at) => text.slice(at * KEY_CHARS, (at + 1) * KEY_CHARS));
}

/** Texts side by side, and the bytes of each. */
export function textsBody(texts: readonly (string | null)[]): { bytes: (number | null)[]; body: Buffer } {
  const parts = texts.map((text) => (text === null ? null : Buffer.from(text)));
  return {
    bytes: parts.map((part) => part?.length ?? null),
    body: Buffer.concat(parts.filter((part) => part !== null)),
  };
}

export function textsIn(body: Uint8Array, bytes: readonly (number | null)[], from = 0): (string | null)[] {
  const all = Buffer.from(body.buffer, body.byteOffset, body.length);
  let at = from;
  return bytes.map((count) => (count === null ? null : all.toString('utf8', at, (at += count))));
}
