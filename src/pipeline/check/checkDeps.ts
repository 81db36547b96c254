import { resolve } from 'node:path';

/** What checking needs of the world around it. */
export interface CheckDeps {
  env: Readonly<Record<string, string | undefined>>;
  readText: (path: string) => string;
  exists: (path: string) => boolean;
  /** Whether a package is installed, without loading it. */
  canImport: (name: string) => boolean;
  /** Of what is not there: whether that is no mistake, for an earlier link of a chain writes it. */
  isPending?: (path: string, what: 'source' | 'other') => boolean;
  /** Up to so many first bytes of a file. */
  readHead: (path: string, lengthBytes: number) => Promise<Uint8Array>;
  /** A hash of what a file holds, or the files of a folder that end in `extension`. */
  contentsHash: (path: string, extension?: string) => Promise<string>;
  /** The text of a prompt: built in by name, or a file. */
  prompt: (name: string, path: string | undefined) => string;
  /** A column of texts of a data file, by its absolute path. */
  texts: (path: string, column: string) => Promise<readonly string[]>;
}

/** Prompt paths start at the pipeline file's folder. */
export function promptFrom(folder: string, deps: Pick<CheckDeps, 'prompt'>): CheckDeps['prompt'] {
  return (name, path) => deps.prompt(name, path === undefined ? undefined : resolve(folder, path));
}
