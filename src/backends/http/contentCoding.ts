import { isUtf8 } from 'node:buffer';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { REPLY_BYTES_MAX } from '../limits.js';

/** A body without its coding, or why it has none. */
export type Unpacked =
  | { bytes: Buffer }
  /** `unknown`: a coding that is not read here; `damaged`: its bytes do not follow it; `tooLong`: they unpack to more than is read. */
  | { coding: string; why: 'unknown' | 'damaged' | 'tooLong' };

type Unpack = (
  bytes: Buffer,
  options: { maxOutputLength: number },
  done: (error: Error | null, plain: Buffer) => void,
) => void;

const UNPACK: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', (bytes, options, done) => (isZlib(bytes) ? inflate : inflateRaw)(bytes, options, done)],
  ['br', brotliDecompress],
]);

/** Whether a body is coded, by its header or its first bytes: some gateways compress whatever they were asked for. */
export function isCoded(header: string | undefined, bytes: Buffer): boolean {
  return isGzip(bytes) || (header !== undefined && codingsIn(header).length > 0);
}

/** Takes the codings of a body away, the last one first (RFC 9110, 8.4). A body that is plain text after all stays as it is. */
export async function unpacked(header: string | undefined, bytes: Buffer): Promise<Unpacked> {
  const named = codingsIn(header ?? '');
  // A gateway that unpacks a body, or packs one, may leave the header as it was.
  const codings = isGzip(bytes) && !named.some((name) => name.endsWith('gzip')) ? [...named, 'gzip'] : named;
  let plain = bytes;
  for (const coding of codings.toReversed()) {
    const step = await without(coding, plain);
    if (!('bytes' in step)) return step.why !== 'tooLong' && isText(bytes) ? { bytes } : step;
    plain = step.bytes;
  }
  return { bytes: plain };
}

function without(coding: string, bytes: Buffer): Promise<Unpacked> {
  const unpack = UNPACK.get(coding);
  if (!unpack) return Promise.resolve({ coding, why: 'unknown' });
  return new Promise((resolve) => {
    unpack(bytes, { maxOutputLength: REPLY_BYTES_MAX }, (error, plain) => {
      const isTooLong = (error as NodeJS.ErrnoException | null)?.code === 'ERR_BUFFER_TOO_LARGE';
      resolve(error ? { coding, why: isTooLong ? 'tooLong' : 'damaged' } : { bytes: plain });
    });
  });
}

const CODINGS_MAX = 4;
const CODING_CHARS_MAX = 20;

function codingsIn(header: string): string[] {
  const names = header
    .slice(0, CODINGS_MAX * CODING_CHARS_MAX)
    .toLowerCase()
    .split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
}

/** No text begins so. */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** RFC 1950; some servers leave this wrapper out. */
function isZlib(bytes: Buffer): boolean {
  return (bytes[0]! & 0x0f) === 8 && bytes.length > 1 && bytes.readUInt16BE(0) % 31 === 0;
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && /^\s*[[{<]/.test(bytes.toString('utf8', 0, 100));
}
