import type { SchemaElement } from 'hyparquet';
import type { z } from 'zod';
import type { ColumnType } from '../../arrow/columnType.js';

/** A row by the names of its columns. */
export type ExportRow = Readonly<Record<string, unknown>>;

export interface ExportColumns {
  /** Columns of the run that the format reads, with their types. */
  reads: Readonly<Record<string, ColumnType>>;
  /** Parquet columns that it writes: one list of schema elements a column, its first element names it. */
  writes: readonly (readonly SchemaElement[])[];
}

/** Gives the exported row, or null to leave the row out. */
export type ConvertRow = (row: ExportRow) => ExportRow | null;

/** One form in which training frameworks take rows: one file, and one line in registry.ts. */
export interface ExportFormat<Schema extends z.ZodType = z.ZodType> {
  /** Options of an entry of `exports`; the literal `format` carries the help text. */
  schema: Schema;
  /** The columns, without reading any row. */
  describe(options: z.output<Schema>): ExportColumns;
  open(options: z.output<Schema>): ConvertRow;
}
