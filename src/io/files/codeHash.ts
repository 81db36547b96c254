import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_FOLDER } from './packageFiles.js';

/** The code that runs: this module lies in the bundle (scripts/bundle.mjs), or two folders below the root of the modules. */
const HERE = dirname(fileURLToPath(import.meta.url));
const CODE = basename(HERE) === 'bundle' ? HERE : join(HERE, '..', '..');

let known: string | undefined;

/**
 * Hash of the code that runs: our own compiled files, the versions of the packages that they use, and the versions of Node
 * and of its Unicode tables, which it may take from the system. A step result of one code is not replayed by another.
 */
export function codeHash(): string {
  return (known ??= hashCode({ code: CODE, package: PACKAGE_FOLDER }));
}

/** The same for any folder of code, with the dependencies of any package and any versions of Node. */
export function hashCode(
  folders: { code: string; package: string },
  { node, v8, icu, unicode }: Readonly<NodeJS.Dict<string>> = process.versions,
): string {
  const hash = createHash('sha256').update(JSON.stringify([node, v8, icu, unicode]));
  const names = readdirSync(folders.code, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((each) => /\.[jt]s$/.test(each)).sort())
    hash.update(`\n${name}\n`).update(readFileSync(join(folders.code, name)));
  const { dependencies, peerDependencies } = readPackage(folders.package) as Record<string, object>;
  for (const name of Object.keys({ ...dependencies, ...peerDependencies }).sort())
    hash.update(`\n${name} ${installedVersion(name, folders.package)}`);
  return hash.digest('hex');
}

/** Packages lie beside ours or, where ours is a dependency, further up. */
function installedVersion(name: string, start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const installed = join(folder, 'node_modules', name);
    if (existsSync(join(installed, 'package.json')))
      return (readPackage(installed) as { version: string }).version;
    if (folder === dirname(folder)) return 'not found';
  }
}

function readPackage(folder: string): unknown {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
