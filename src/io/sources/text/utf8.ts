import { isUtf8 } from 'node:buffer';
import { Damage } from '../../files/damage.js';

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** A byte order mark stays: whoever reads lines takes it off each line. */
export const decodeUtf8 = {
  // A TextDecoder that throws takes ten times as long over short pieces.
  decode(bytes: Uint8Array): string {
    if (!isUtf8(bytes)) throw new Damage('not UTF-8');
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  },
  decodeLeniently: (bytes: Uint8Array): string => lenient.decode(bytes),
};

/** Leaves out a character at the end whose last bytes have not come yet. */
export function utf8Cut(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
