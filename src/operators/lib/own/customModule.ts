import { isAbsolute, resolve } from 'node:path';

/** The module of a `custom` step, and the name under which it exports the operator. */
export interface CustomModule {
  file: string;
  exported: string;
}

/**
 * The module that `path` of a `custom` step names, without loading it. Null for everything that is no file: addresses such as `data:`,
 * `http:` and `node:` would bring code from outside the user's disk, or Node's own; operators of packages are steps of their own.
 */
export function customModuleAt(written: string, folder: string): CustomModule | null {
  if (written.includes('\0')) return null;
  const [, module = written, exported = 'default'] = /^(.+)#([A-Za-z_$][\w$]*)$/.exec(written) ?? [];
  return isFilePath(module) ? { file: resolve(folder, module), exported } : null;
}

/** Whether a path can only be one of a file or a folder: it begins with `.` or `/`, or ends as a module does. */
export function isFilePath(written: string): boolean {
  if (written.startsWith('.') || isAbsolute(written)) return true;
  return MODULE_NAME.test(written) && !/^[^/\\]*:/.test(written);
}

/** Names of modules that Node loads. */
export const MODULE_NAME = /\.[cm]?[jt]s$/;
