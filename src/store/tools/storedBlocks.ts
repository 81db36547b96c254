import type { StoreDatabase } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import type { Replies } from '../replies.js';

export interface StoredBlock {
  /** The table that holds it: `blocks`, or `log` for a few replies as they came. */
  table: StoreTables['blocks'];
  blockId: Buffer;
  /** Null for a damaged block. */
  replies: Pick<Replies, 'run' | 'keys'> | null;
}

/** Every block of a store, once. Where the log has the key of a block alone, the block is in its own table. */
export function* storedBlocks({ tables, codec }: StoreDatabase): Generator<StoredBlock> {
  for (const table of [tables.blocks, tables.log]) {
    for (const { key, value } of table.getRange()) {
      if (value.length === 0) continue;
      yield { table, blockId: Buffer.from(key), replies: codec.decodeHead(value) };
    }
  }
}
