/** Bytes that often mean something: ends, lengths, marks of text formats. */
const TELLING = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0xc3, 0xed];

/** A copy with one to four changes of the kinds that disks, networks and attackers make. */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let changed = Uint8Array.from(bytes);
  const below = (max: number): number => Math.floor(random() * max);
  for (let left = 1 + below(4); left > 0; left--) {
    if (changed.length === 0) return changed;
    const at = below(changed.length);
    const length = 1 + below(Math.min(16, changed.length - at));
    const kind = below(8);
    if (kind < 3) changed[at]! ^= 1 << below(8);
    else if (kind === 3) changed[at] = TELLING[below(TELLING.length)]!;
    else if (kind === 4) changed = changed.slice(0, at);
    else if (kind === 5) changed.fill(random() < 0.5 ? 0 : 0xff, at, at + length);
    else if (kind === 6) changed = join(changed.subarray(0, at), changed.subarray(at + length));
    else changed = join(changed.subarray(0, at + length), changed.subarray(at));
  }
  return changed;
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}
