import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_FOLDER } from './packageFiles.js';

const CODE_FOLDER = dirname(dirname(fileURLToPath(import.meta.url)));

let known: string | undefined;

/**
 * Hash of the code that runs: our own compiled files, the versions of the packages that they use, and that of Node, which
 * brings its tables of characters. What one code has decided is not told of another.
 */
export function codeHash(): string {
  return (known ??= hashCode());
}

function hashCode(): string {
  const hash = createHash('sha256').update(process.version);
  const files = readdirSync(CODE_FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.[jt]s$/.test(name),
  );
  for (const name of files.sort()) hash.update(`\n${name}\n`).update(readFileSync(join(CODE_FOLDER, name)));
  const { dependencies } = readPackage(PACKAGE_FOLDER) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies).sort()) hash.update(`\n${name} ${installedVersion(name)}`);
  return hash.digest('hex');
}

/** Packages lie beside ours or, where ours is a dependency, further up. */
function installedVersion(name: string): string {
  for (let folder = PACKAGE_FOLDER; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return (readPackage(place) as { version: string }).version;
    if (folder === dirname(folder)) return 'not found';
  }
}

function readPackage(folder: string): unknown {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
