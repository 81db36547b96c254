import { resolve } from 'node:path';

/** Files and environment, as the check sees them. */
export interface CheckDeps {
  env: Readonly<Record<string, string | undefined>>;
  readText: (path: string) => string;
  exists: (path: string) => boolean;
  /** Whether a package is installed, without loading it. */
  canImport: (name: string) => boolean;
  /** Whether modules of users' own steps are executed, to know their columns and options; false if absent. */
  loadsModules?: boolean;
  /** Whether a missing file is no mistake because an earlier link of a chain writes it. */
  isPending?: (path: string, what: 'source' | 'other') => boolean;
  /** The first bytes of a file, at most `lengthBytes`. */
  readHead: (path: string, lengthBytes: number) => Promise<Uint8Array>;
  /** A hash of a file's contents, or of the files in a folder whose names end in `extension`. */
  contentsHash: (path: string, extension?: string) => Promise<string>;
  /** The text of a prompt: of a file, or of the built-in prompt with this name. */
  prompt: (name: string, path: string | undefined) => string;
  /** One column of a data file as texts. The path is absolute. */
  texts: (path: string, column: string) => Promise<readonly string[]>;
}

/** Prompt paths start at the pipeline file's folder. */
export function promptFrom(folder: string, deps: Pick<CheckDeps, 'prompt'>): CheckDeps['prompt'] {
  return (name, path) => deps.prompt(name, path === undefined ? undefined : resolve(folder, path));
}
