import type { z } from 'zod';
import type { Column } from '../../arrow/columnType.js';
import type { Files } from '../files/files.js';

/** What a source names: its files, and the columns that are read from them. */
export interface SourceFiles {
  /** Files, or folders of files, as written. */
  paths: readonly string[];
  /** The columns by the names that steps read. */
  columns: readonly Column[];
  /** The same columns, in the same order, by their names in the files. */
  fileColumns: readonly Column[];
}

export interface ReadRequest {
  /** Files, or folders of files; read in name order. */
  paths: readonly string[];
  /** The columns to read; others are ignored. */
  columns: readonly Column[];
  /** Rows of every batch but the last. */
  batchRows: number;
  /** The source position to start at, 0 if absent; positions count all rows of all files from 0. */
  from?: number;
}

/** Rows of one file that follow each other: values[column][row], not checked yet. */
export interface Block {
  file: string;
  /** Number of the first row in its file, from 0. */
  row: number;
  values: unknown[][];
  /** For each row its line in the file, from 1, where the file has lines. */
  lines?: number[];
}

/** What the head of a file tells about its columns. */
export interface FileHead {
  rows: number;
  /** Names of the columns that have a value in one of these rows. */
  columns: ReadonlySet<string>;
}

/** One kind of files that rows come from: one file, and one line in registry.ts. */
export interface SourceFormat<Schema extends z.ZodType = z.ZodType> {
  /** How names of its files end, with the dot; a folder stands for its files of this ending. */
  extension: string;
  /** Options of `source.<name>` in a pipeline file. */
  schema: Schema;
  /** The files and columns, without opening any file. */
  describe(options: z.output<Schema>): SourceFiles;
  /** Reads the head of a file, so that `check` finds a misspelt column; absent where opening the file finds it. */
  readHead?(head: Uint8Array, isWhole: boolean): FileHead;
  /** Reads rows in order. Throws ERR_IO_READ, ERR_DATA_INVALID naming the file. */
  open(files: Files, request: ReadRequest, options: z.output<Schema>): AsyncIterable<Block>;
}
