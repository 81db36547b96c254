import { Schema } from 'apache-arrow';
import { arrowField } from '../../../src/arrow/arrowType.js';
import { buildData } from '../../../src/arrow/build.js';
import type { ColumnType, ColumnValue } from '../../../src/arrow/columnType.js';
import { parquetSchema } from '../../../src/io/parquet/parquetSchema.js';
import { type ShardLeaf, leavesOf } from '../../../src/io/parquet/write/leaves.js';
import { type LeafSlots, createSlots, fillSlots } from '../../../src/io/parquet/write/slots.js';

/** The leaves of a column of a type. */
export function leavesOfType(type: ColumnType, nullable = false): ShardLeaf[] {
  const field = arrowField({ name: 'column', type, nullable, help: '' });
  return leavesOf(
    field,
    parquetSchema(new Schema([field]))
      .slice(1)
      [Symbol.iterator](),
  );
}

/** What the first leaf of a column with these values holds. */
export function slotsOf(
  type: ColumnType,
  values: readonly ColumnValue[],
  nullable = false,
): { leaf: ShardLeaf; slots: LeafSlots } {
  const [leaf] = leavesOfType(type, nullable);
  const slots = createSlots();
  fillSlots(slots, leaf!, [buildData(type, values, nullable)]);
  return { leaf: leaf!, slots };
}
