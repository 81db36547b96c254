import type { z } from 'zod';
import type { Column, ColumnType, ColumnValue } from '../../arrow/columnType.js';
import type { Files } from '../files/files.js';
import type { HubAccess } from '../hub/hubAccess.js';

/** What a source names: its files, and the columns that are read from them. */
export interface SourceFiles {
  /** Files, folders of files or patterns, as written. */
  paths: readonly string[];
  /** Whether folders in folders are read too. */
  subfolders?: boolean | undefined;
  /** The columns by the names and types that steps read. */
  columns: readonly Column[];
  /** The same columns, in the same order, by their names in the files. */
  fileColumns: readonly SourceColumn[];
}

/** A column of a file. A time is text for steps. */
export type SourceColumn = Omit<Column, 'type'> & { type: ColumnType | 'timestamp' };

export interface ReadRequest {
  /** The files, in order. */
  paths: readonly string[];
  /** The columns to read; others are ignored. */
  columns: readonly SourceColumn[];
  /** Rows of every batch but the last. */
  batchRows: number;
  /** The source position to start at, 0 if absent; positions count all rows of all files from 0. */
  from?: number;
  /** The hub that data sets are read from, where there is one. */
  hub?: HubAccess | undefined;
  /** Told of each line that the options leave out, in order, those before `from` too. */
  onSkipped?: ((skipped: SkippedLine) => void) | undefined;
}

/** A line that is no row, since it cannot be read and the options say `onBadLine: skip`. */
export interface SkippedLine {
  file: string;
  /** From 1. */
  line: number;
  /** Rows of the source before it. */
  position: number;
  /** What is wrong with it. */
  message: string;
}

/** Rows of one file that follow each other: values[column][row], each of its column's type, or null. */
export interface Block {
  file: string;
  /** Number of the first row in its file, from 0. */
  row: number;
  values: ColumnValue[][];
}

/** How much of a file is looked at before a run. */
export interface HeadRequest {
  file: string;
  /** Rows whose values are read, as the run will read them first. */
  rowsMax: number;
  /** Characters of a text in which names of columns are looked for. */
  charactersMax: number;
}

/** What the head of a file tells. */
export interface FileHead {
  /** Rows that were looked at; of Parquet, those of the file. */
  rows: number;
  /** Whether the file holds no more. */
  isWhole: boolean;
  /** Names of the columns that have a value in one of these rows; of all columns, where a header or a schema names them. */
  columns: ReadonlySet<string>;
  /** Whether a header or a schema names the columns, so that the file ends the run if it lacks one. */
  isSchema: boolean;
  /** Why a column may not be found, if the head looks as if the options were wrong. */
  advice?: string | undefined;
}

/** One kind of files that rows come from: one file, and one line in registry.ts. */
export interface SourceFormat<Schema extends z.ZodType = z.ZodType> {
  /** How names of its files end, with the dot; a folder stands for its files of these endings. */
  extensions: readonly string[];
  /** Options of `source.<name>` in a pipeline file. */
  schema: Schema;
  /** The files and columns, without opening any file. */
  describe(options: z.output<Schema>): SourceFiles;
  /**
   * Reads the head of a file as `open` would, so that a file of another kind, a bad line or a misspelt column is found before
   * the run. Throws ERR_IO_READ, ERR_DATA_INVALID naming the file, for what would end the run there.
   */
  readHead(files: Files, request: HeadRequest, options: z.output<Schema>): Promise<FileHead>;
  /** Reads rows in order. Throws ERR_IO_READ, ERR_DATA_INVALID naming the file. */
  open(files: Files, request: ReadRequest, options: z.output<Schema>): AsyncIterable<Block>;
}
