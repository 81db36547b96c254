import { cellOf } from '../arrow/cellOf.js';
import './steps/loadStepStreams.js';
import { buildRows } from '../arrow/build.js';
import type { CellValues, Column } from '../arrow/columnType.js';
import { SEQ_COLUMN } from '../arrow/columnType.js';
import type { ColumnTypes, Values } from './steps/columnTypes.js';
import type { ReadRows } from './gate.js';

/** What `fromRows` takes for a row: one value a column, or null. */
export type SourceRow<Columns extends ColumnTypes> = {
  readonly [Name in keyof Columns]: CellValues[Columns[Name]] | null;
};

/** The columns of those rows, with the position that each gets. */
export type SourceColumns<Columns extends ColumnTypes> = SourceRow<Columns> & { readonly seq: number };

/**
 * Plain objects as the source of a stream, for small sets: they get their positions (`seq`) in the order given, from 0.
 *
 * @param columns - Name → type of the columns; other properties of the rows are left out.
 * @param rows - One object a row; a value that is null or undefined is missing, and rejects the row at a step that reads it.
 * @returns What `collectRows` and `writeShards` take as `read`. It throws ERR_INVARIANT, with column and row, for a value of
 * another type than declared.
 * @example
 * const read = fromRows({ question: 'string' }, [{ question: 'What is 1 + 1?' }]);
 * const { rows } = await collectRows({ read }, (source) => source.pipe(respond({ model: 'tiny' }, context)));
 */
export function fromRows<const Columns extends ColumnTypes>(
  columns: Columns,
  rows: readonly SourceRow<Columns>[],
): ReadRows<SourceColumns<Columns>> {
  const declared = Object.entries(columns).map(([name, type]): Column => ({
    name,
    type,
    help: 'From the source.',
    nullable: true,
  }));
  return (lo, rowsMax) => {
    const read = rows.slice(lo, lo + rowsMax) as readonly Values[];
    if (read.length === 0) return null;
    const values = declared.map(({ name }) => read.map((row) => cellOf(row, name)));
    return buildRows([SEQ_COLUMN, ...declared], [read.map((_, at) => lo + at), ...values], read.length);
  };
}
