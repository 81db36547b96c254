import { resolve } from 'node:path';
import type { DataFiles, FilePick } from '../../io/files/dataFiles.js';
import type { ColumnType } from '../../arrow/columnType.js';
import type { Table } from '../../arrow/table.js';
import type { FileHead, HeadRequest } from '../../io/sources/format.js';
import type { NamedSource } from '../../io/sources/registry.js';
import type { OperatorOrigin } from '../../operators/lib/operator.js';

/** Files and environment, as the check sees them. */
export interface CheckDeps {
  env: Readonly<Record<string, string | undefined>>;
  readText: (path: string) => string;
  exists: (path: string) => boolean;
  /** Whether a package is installed, without loading it. */
  canImport: (name: string) => boolean;
  /** Whether this machine is looked at for what models need of it, as a sandbox does; false if absent. */
  looksHere?: boolean;
  /** Whether modules of users' own steps are executed, to know their columns and options; false if absent. */
  loadsModules?: boolean;
  /** Whether the keys of models must be set by now, as at a run; false if absent. */
  needsKeys?: boolean;
  /** Whether a missing file is no mistake because an earlier link of a chain writes it. */
  isPending?: (path: string, what: 'source' | 'other') => boolean;
  /** The first bytes of a file, at most `lengthBytes`. */
  readHead: (path: string, lengthBytes: number) => Promise<Uint8Array>;
  /** A hash of a file's contents, or of the files that `pick` takes of a folder or a pattern. */
  contentsHash: (path: string, pick?: FilePick) => Promise<string>;
  /** A hash of the code of an operator of others, which it does not execute. */
  operatorCodeHash: (origin: Pick<OperatorOrigin, 'module' | 'folder'>) => Promise<string>;
  /** The files that a source's paths stand for. Throws ERR_IO_READ where a path stands for none. */
  listFiles: (paths: readonly string[], pick: FilePick) => Promise<DataFiles>;
  /** What the head of a source's file tells. Throws ERR_IO_READ, ERR_DATA_INVALID for what would end the run there. */
  sourceHead: (source: NamedSource, request: HeadRequest) => Promise<FileHead>;
  /** Whether a source without any row is a mistake; false if absent: a run has nothing to do then. */
  needsRows?: boolean;
  /** The text of a prompt: of a file, or of the built-in prompt with this name. */
  prompt: (name: string, path: string | undefined) => string;
  /** One column of a data file as texts. The path is absolute. */
  texts: (path: string, column: string) => Promise<readonly string[]>;
  /** Columns of a data file, in memory. The path is absolute. */
  tables: (path: string, columns: Readonly<Record<string, ColumnType>>, memoryMiB: number) => Promise<Table>;
}

/** Prompt paths start at the pipeline file's folder. */
export function promptFrom(folder: string, deps: Pick<CheckDeps, 'prompt'>): CheckDeps['prompt'] {
  return (name, path) => deps.prompt(name, path === undefined ? undefined : resolve(folder, path));
}
