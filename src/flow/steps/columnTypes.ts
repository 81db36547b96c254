import type { CellValues, Column, ColumnType, ColumnValue } from '../../arrow/columnType.js';

/**
 * Columns as the compiler knows them: a type with one property a column. Nothing of it exists at run time; there, a missing
 * column is ERR_PIPELINE_COLUMN.
 */

/**
 * The columns of a batch about which the compiler knows nothing, because they were named at run time (in a pipeline file, in a
 * variable). `any`, so that such a batch fits every operator.
 */
export type AnyColumns = any;

/** No columns: of an operator that reads or writes none. */
export type NoColumns = Readonly<Record<never, never>>;

/** One column of that name; a name that is not a literal makes them unknown. */
export type ColumnNamed<Name extends string, Cell> = string extends Name
  ? AnyColumns
  : { readonly [Key in Name]: Cell };

/** What a batch must have for an operator that reads these columns: rows without a value in them are rejected there. */
export type ColumnsNeeded<Reads> =
  IsAny<Reads> extends true ? AnyColumns : { readonly [Name in keyof Reads]: Reads[Name] | null };

type IsAny<T> = 0 extends 1 & T ? true : false;

/** Name → type, as a step declares in `reads`. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>;

/** The cell values that a step declares in `reads`; a name that is not a literal makes them unknown. */
export type ColumnsRead<Reads extends ColumnTypes> = string extends keyof Reads
  ? AnyColumns
  : { readonly [Name in keyof Reads]: CellValues[TypeOf<Reads, Name>] };

/** All columns that a step may read, whatever its options are. */
export type MostColumnsRead<Reads extends ColumnTypes> = string extends keyof Reads
  ? AnyColumns
  : { readonly [Name in keyof Reads]-?: CellValues[TypeOf<Reads, Name>] };

/** A property of `reads` may itself be optional, where options decide whether a column is read. */
type TypeOf<Reads extends ColumnTypes, Name extends keyof Reads> = Extract<Reads[Name], ColumnType>;

/** The columns that a step adds, from what it declares in `writes`. */
export type ColumnsWritten<Writes extends readonly Column[]> = string extends Writes[number]['name']
  ? AnyColumns
  : { readonly [C in Writes[number] as C['name']]: CellOf<C> };

type CellOf<C extends Column> = C extends NotNullable ? CellValues[C['type']] : CellValues[C['type']] | null;

interface NotNullable {
  name: string;
  nullable?: false;
}

/** Columns after a step: a written one takes the place of one of the same name. */
export type ColumnsAfter<Before, Written> =
  IsAny<Before> extends true
    ? AnyColumns
    : IsAny<Written> extends true
      ? AnyColumns
      : {
          readonly [Name in keyof Before | keyof Written]: Name extends keyof Written
            ? Written[Name]
            : Name extends keyof Before
              ? Before[Name]
              : never;
        };

/** What tells a row apart: its source position, and its number among the rows made of that. */
export interface RowIdentity {
  /** Position of the row in the source of the run. */
  readonly seq: number;
  /** Number of the row among those made of one source row; 0 before a step made several. */
  readonly seqIndex: number;
}

/** A row whose columns were named at run time: its identity and the columns that the step declared to read. */
export type Row = RowIdentity & Readonly<Record<string, ColumnValue>>;

/** A row as a step sees it. A row without a value in a column of `reads` is rejected before, unless the step `mayLack` it. */
export type RowOf<Reads extends ColumnTypes, Lacking extends string = never> = string extends keyof Reads
  ? Row
  : RowIdentity & {
      readonly [Name in keyof Reads]: Name extends Lacking
        ? CellValues[TypeOf<Reads, Name>] | null
        : CellValues[TypeOf<Reads, Name>];
    };

/** Values of written columns that were named at run time. */
export type Values = Readonly<Record<string, ColumnValue>>;

/** The values that `keep` takes for the columns in `writes`: nullable ones may be left out, `seqIndex` is numbered by itself. */
export type ValuesOf<Writes extends readonly Column[]> = string extends Writes[number]['name']
  ? Values
  : Flat<
      { readonly [C in Extract<Given<Writes>, NotNullable> as C['name']]: CellOf<C> } & {
        readonly [C in Exclude<Given<Writes>, NotNullable> as C['name']]?: CellOf<C>;
      }
    >;

type Given<Writes extends readonly Column[]> = Exclude<Writes[number], { name: 'seqIndex' }>;

/** One object type of an intersection, so that editors show its properties. */
type Flat<T> = { [Key in keyof T]: T[Key] };

/** A kept row as a plain object; where the columns are unknown, of whatever values. */
export type PlainRow<Columns> = IsAny<Columns> extends true ? Record<string, ColumnValue> : Columns;
