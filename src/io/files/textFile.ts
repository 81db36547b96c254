import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ScaleQuestError } from '../../errors.js';

/** Pipeline files and prompts are some kilobytes long. */
export const TEXT_BYTES_MAX = 1 << 20;

/** What a shell hands over in place of a file, as `scalequest check <(make-pipeline)` does; it can be read once. */
export const HANDED_OVER = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'it is a folder, expected a file'],
]);

/** The text of a small file, which must be UTF-8; a byte order mark at its beginning is left out. Throws ERR_IO_READ. */
export function readTextFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readSmall(path);
  } catch (error) {
    if (error instanceof ScaleQuestError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw unreadable(path, REASONS.get(code ?? '') ?? message, error);
  }
  const fault = encodingFault(bytes);
  if (fault !== null) throw unreadable(path, fault);
  return new TextDecoder().decode(bytes);
}

/** Devices and pipes are refused, for they may have no end, or never begin. */
function readSmall(path: string): Buffer {
  // Without this flag the opening of a pipe waits for somebody who writes into it.
  const flags = HANDED_OVER.test(path)
    ? constants.O_RDONLY
    : constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const file = openSync(path, flags);
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw unreadable(path, REASONS.get('EISDIR')!);
    if (!stat.isFile() && !HANDED_OVER.test(path))
      throw unreadable(path, 'it is a device or a pipe, expected a file');
    const block = Buffer.allocUnsafe(TEXT_BYTES_MAX + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < block.length; length += read)
      read = readSync(file, block, length, block.length - length, null);
    if (length <= TEXT_BYTES_MAX) return block.subarray(0, length);
    const size = stat.isFile() ? `${stat.size} bytes` : 'more';
    throw unreadable(path, `found ${size}, expected at most ${TEXT_BYTES_MAX}; is it a file of rows?`);
  } finally {
    closeSync(file);
  }
}

/** What is wrong with the bytes as UTF-8, and where; null if nothing is. */
export function encodingFault(bytes: Uint8Array): string | null {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return 'found UTF-16, expected UTF-8; save it as UTF-8';
  const at = invalidAt(bytes);
  if (at < 0) return null;
  const line = bytes.subarray(0, at).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
  const byte = bytes[at]!.toString(16).toUpperCase().padStart(2, '0');
  return `line ${line} is not UTF-8: found the byte 0x${byte} at position ${at}; save it as UTF-8`;
}

/** The position of the first byte that is no UTF-8, or -1. */
function invalidAt(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    decoder.decode(bytes);
    return -1;
  } catch {
    // Below. A sound prefix of a sequence that is cut off counts as sound while the decoder streams.
  }
  let [sound, unsound] = [0, bytes.length];
  while (unsound - sound > 1) {
    const middle = (sound + unsound) >> 1;
    if (isPrefix(bytes.subarray(0, middle))) sound = middle;
    else unsound = middle;
  }
  return sequenceStart(bytes, isPrefix(bytes) ? bytes.length : sound);
}

/** Where the sequence begins that is cut off before `at`; `at` itself where none is. */
function sequenceStart(bytes: Uint8Array, at: number): number {
  for (let back = 1; back <= 3 && back <= at; back++) {
    const byte = bytes[at - back]!;
    if (byte < 0x80) return at;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < length ? at - back : at;
  }
  return at;
}

/** Whether these bytes may begin a UTF-8 text. */
function isPrefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function unreadable(path: string, reason: string, cause?: unknown): ScaleQuestError {
  return new ScaleQuestError('ERR_IO_READ', `cannot read ${path}: ${reason}`, { cause });
}
