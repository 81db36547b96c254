let blocksMade = 0;

/** Key of a new block: milliseconds (6 bytes), a count (2), the process (4). Keys ascend in time, and no two are equal. */
export function blockKey(ms: number): Buffer {
  const key = Buffer.alloc(12);
  key.writeUIntBE(Math.floor(ms), 0, 6);
  key.writeUInt16BE(blocksMade++ & 0xffff, 6);
  key.writeUInt32BE(process.pid >>> 0, 8);
  return key;
}

/** When a block's first reply came, in milliseconds since 1970, from its key. */
export function blockTimeMs(blockId: Buffer): number {
  return blockId.readUIntBE(0, 6);
}
