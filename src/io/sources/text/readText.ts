import { ScaleQuestError } from '../../../errors.js';
import type { Files } from '../../files/files.js';
import { type Encoding, encodingOf, encodingOfMark } from './encoding.js';
import { readBytes } from './readBytes.js';

/** A piece of a text file. Pieces end anywhere but within a character, and within CR LF. */
export interface TextBlock {
  text: string;
  /** The lines of this piece that hold bytes which are no text, with what is wrong; lines count from 0 in the piece. */
  faults: readonly TextFault[];
}

export interface TextFault {
  /** Line ends before it in the piece. */
  line: number;
  message: string;
}

const UTF32 =
  'found a byte order mark of UTF-32, expected UTF-8 or UTF-16. Convert the file (`iconv -t UTF-8`)';

/**
 * The text of a file in pieces of about a megabyte, or of `chunkBytes`, decompressed and decoded. A byte order mark decides,
 * else `encoding`. Throws ERR_IO_READ, ERR_DATA_INVALID naming the file.
 */
export async function* readText(
  files: Files,
  path: string,
  encoding: string = 'utf-8',
  chunkBytes?: number,
): AsyncGenerator<TextBlock> {
  let chosen: Encoding | null = null;
  let held: Uint8Array[] = [];
  let startByte = 0;

  function decode(bytes: Uint8Array): TextBlock {
    const block = decodeBlock(chosen!, bytes, startByte);
    startByte += bytes.length;
    return block;
  }

  for await (const chunk of readBytes(files, path, chunkBytes)) {
    held.push(chunk);
    if (!chosen && sizeOf(held) < 4) continue;
    chosen ??= chooseEncoding(path, Buffer.concat(held), encoding);
    if (chosen.needsLineEnd && chosen.cut(chunk) === 0) {
      if (sizeOf(held) > LINE_BYTES_MAX) throw noLineEnd(path, chosen);
      continue;
    }
    const bytes = held.length === 1 ? chunk : Buffer.concat(held);
    const end = beforeReturn(chosen, bytes, chosen.cut(bytes));
    held = end < bytes.length ? [bytes.subarray(end)] : [];
    if (end > 0) yield decode(bytes.subarray(0, end));
  }
  const rest = Buffer.concat(held);
  chosen ??= chooseEncoding(path, rest, encoding);
  if (rest.length > 0) yield decode(rest);
}

const LINE_BYTES_MAX = 64 << 20;

/** CR at the end waits: LF may follow it. */
function beforeReturn({ name, unitBytes }: Encoding, bytes: Uint8Array, end: number): number {
  const last = name === 'utf-16le' ? end - 2 : end - 1;
  return bytes[last] === 13 && (unitBytes === 1 || bytes[last ^ 1] === 0) ? end - unitBytes : end;
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function noLineEnd(file: string, { name }: Encoding): ScaleQuestError {
  const message =
    `found no end of a line in ${LINE_BYTES_MAX} bytes, expected shorter lines in ${name}. ` +
    'Convert the file to UTF-8 (`iconv -t UTF-8`), in which lines may be longer.';
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file } });
}

function chooseEncoding(file: string, head: Uint8Array, declared: string): Encoding {
  const isUtf32 = head.length >= 4 && head[0] === 0xff && head[1] === 0xfe && head[2] === 0 && head[3] === 0;
  if (isUtf32) throw new ScaleQuestError('ERR_DATA_INVALID', UTF32, { at: { file } });
  return encodingOfMark(head) ?? encodingOf(declared)!;
}

function decodeBlock(encoding: Encoding, bytes: Uint8Array, startByte: number): TextBlock {
  try {
    return { text: encoding.decode(bytes), faults: [] };
  } catch {
    return decodeLines(encoding, bytes, startByte);
  }
}

/** Line by line, so that one bad line leaves the others as they are. */
function decodeLines(encoding: Encoding, bytes: Uint8Array, startByte: number): TextBlock {
  const texts: string[] = [];
  const faults: TextFault[] = [];
  let line = 0;
  for (let from = 0; from < bytes.length;) {
    const to = endOfLine(encoding, bytes, from);
    const piece = bytes.subarray(from, to);
    let text: string;
    try {
      text = encoding.decode(piece);
    } catch {
      text = encoding.decodeLeniently(piece);
      faults.push({ line, message: describeFault(encoding, piece, startByte + from) });
    }
    texts.push(text);
    line += lineEnds(text);
    from = to;
  }
  return { text: texts.join(''), faults };
}

function endOfLine({ name, unitBytes }: Encoding, bytes: Uint8Array, from: number): number {
  if (unitBytes === 1) {
    const at = bytes.indexOf(10, from);
    return at < 0 ? bytes.length : at + 1;
  }
  const low = name === 'utf-16le' ? 0 : 1;
  for (let at = from; at + 1 < bytes.length; at += 2)
    if (bytes[at + low] === 10 && bytes[at + 1 - low] === 0) return at + 2;
  return bytes.length;
}

function describeFault(encoding: Encoding, line: Uint8Array, startByte: number): string {
  const at = firstBadByte(encoding, line);
  const hex = line[at]!.toString(16).toUpperCase().padStart(2, '0');
  const advice =
    encoding.name === 'utf-8'
      ? 'Say which encoding it is (`encoding: windows-1252`), or convert the file (`iconv -t UTF-8`)'
      : 'Correct `encoding`, or convert the file to UTF-8';
  return `byte 0x${hex} at position ${startByte + at} of the text (from 0) is not ${encoding.name.toUpperCase()}. ${advice}`;
}

/** By halves: the longest start that decodes, but for a character that is not whole yet. */
function firstBadByte(encoding: Encoding, line: Uint8Array): number {
  let good = 0;
  let bad = line.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isStart(encoding, line.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  // A first byte that promises more than follows it is the wrong one.
  const at = encoding.needsLineEnd ? good : encoding.cut(line.subarray(0, good));
  return Math.min(at, line.length - 1);
}

function isStart(encoding: Encoding, bytes: Uint8Array): boolean {
  try {
    if (encoding.unitBytes === 2 || encoding.name === 'utf-8')
      encoding.decode(bytes.subarray(0, encoding.cut(bytes)));
    else new TextDecoder(encoding.name, { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** How often a text goes to a new line: by CR LF, LF or CR. */
export function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1))
    if (text[at + 1] !== '\n') count += 1;
  return count;
}
