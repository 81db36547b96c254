import { isBuiltin } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where the module of a `custom` step is: a file, or a package that is installed. */
export type CustomModule = { file: string; specifier: string } | { package: string; specifier: string };

/** A package, or a file in one, as npm names them. Nothing that a URL could be: no scheme, no percent sign, no white space. */
const PACKAGE = /^(@[a-z0-9-][a-z0-9._-]*\/)?[a-z0-9-][a-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/**
 * Finds the module that `path` of a `custom` step names, without loading it. Null for everything that is neither a file nor a
 * package: addresses such as `data:`, `http:` and `node:` would bring code from outside the user's disk, or Node's own.
 */
export function customModuleAt(written: string, folder: string): CustomModule | null {
  if (written.includes('\0')) return null;
  const { module, exported } = splitExport(written);
  const name = exported === undefined ? '' : `#${exported}`;
  if (isFile(module)) {
    const file = resolve(folder, module);
    return { file, specifier: `${pathToFileURL(file).href}${name}` };
  }
  if (!PACKAGE.test(module) || isBuiltin(module)) return null;
  return { package: module, specifier: `${module}${name}` };
}

/** `my-package#countWords`: a module, and the name under which it exports the operator; its default export without one. */
export function splitExport(written: string): { module: string; exported?: string } {
  const [, module, exported] = /^(.+)#([A-Za-z_$][\w$]*)$/.exec(written) ?? [];
  return module === undefined ? { module: written } : { module, exported: exported! };
}

function isFile(written: string): boolean {
  if (written.startsWith('.') || isAbsolute(written)) return true;
  return /\.[cm]?[jt]s$/.test(written) && !/^[^/\\]*:/.test(written);
}
