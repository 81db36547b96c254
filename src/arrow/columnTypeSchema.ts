import { z } from 'zod';
import { COLUMN_TYPES, type ColumnType } from './columnType.js';
import { isColumnType } from './typeTree.js';

/** A column type as users write it; `more`: names that are types where it is written. */
export function columnTypeSchema<More extends string = never>(
  ...more: readonly More[]
): z.ZodType<ColumnType | More, ColumnType | More> {
  const names: readonly string[] = [...COLUMN_TYPES, ...more];
  const schema = z
    .string()
    .refine(
      (type) => names.includes(type) || isColumnType(type),
      `expected one of ${names.join(', ')}, or a list or struct of them, as list<int64> or struct<name: string, score: float64>`,
    )
    .meta({ anyOf: [{ enum: names }, { pattern: '^(list|struct)<.*>$' }] });
  return schema as unknown as z.ZodType<ColumnType | More, ColumnType | More>;
}
