import { Damage } from '../../files/damage.js';
import { isWellFormed, toWellFormed } from '../../../text/wellFormed.js';

type Order = 'le' | 'be';

/** A unit of a surrogate pair that stands alone is no text. Node's own decoder is not used: it may be built without `utf-16be`. */
export function decodeUtf16(order: Order): {
  decode(bytes: Uint8Array): string;
  decodeLeniently(bytes: Uint8Array): string;
} {
  return {
    decode(bytes) {
      const text = unitsOf(bytes, order);
      if (bytes.length % 2 === 1 || !isWellFormed(text)) throw new Damage('not UTF-16');
      return text;
    },
    decodeLeniently: (bytes) =>
      toWellFormed(unitsOf(bytes, order)) + (bytes.length % 2 === 1 ? '\ufffd' : ''),
  };
}

/** Leaves out half a unit at the end, and the first half of a pair. */
export function utf16Cut(order: Order): (bytes: Uint8Array) => number {
  return (bytes) => {
    const whole = bytes.length & ~1;
    const high = whole < 2 ? 0 : bytes[whole - (order === 'le' ? 1 : 2)]!;
    return high >= 0xd8 && high <= 0xdb ? whole - 2 : whole;
  };
}

function unitsOf(bytes: Uint8Array, order: Order): string {
  const whole = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  return (order === 'be' ? whole.swap16() : whole).toString('utf16le');
}
