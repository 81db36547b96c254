import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile, readdir, realpath } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { byCodeUnits } from './files.js';

/** Where the code of an operator lies: all of a folder, or a module and what it names. */
export interface CodePlace {
  module: string;
  folder: string | null;
}

/** More is no code of operators, but a project with its data. */
const FILES_MAX = 2000;
const BYTES_MAX = 64 << 20;

/** They are no code: installed packages count by their versions, and what begins with a dot is of other tools. */
const isApart = (name: string): boolean => name === 'node_modules' || name.startsWith('.');
/** It says what the code is, and is compared with it when that is loaded. */
const MANIFEST = /(^|\.)scalequest\.json$/;
const CODE = /\.[cm]?[jt]s$/;
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.json', '/index.js'];

/** A text in quotes that begins as the path of a file beside does: an import, or a `new URL('./data.json', …)`. */
const PATH_TEXT = /(["'`])(\.{1,2}\/[^"'`\n\\]{1,500})\1/g;
const PACKAGE_TEXT = /\b(?:from|import|require)\s*\(?\s*(["'])([^"'\n./\\][^"'\n\\]{0,200})\1/g;

/**
 * A SHA-256 that changes with the code of an operator. It is of all files of its folder, or of its module; of all files that these name
 * by a relative path in quotes, and so on; and of the versions of all packages that they import, with theirs. A package that is a link
 * to a folder of the user's counts by its files. Executes nothing. Throws ERR_OPERATOR_LOAD where this is more than any code,
 * ERR_IO_READ.
 */
export async function operatorCodeHash(place: CodePlace): Promise<string> {
  const root = await realpath(place.folder ?? dirname(place.module));
  const found: Found = { root, files: new Map(), packages: new Map(), bytes: 0 };
  if (place.folder === null) await addFile(found, await realpath(place.module));
  else await addFolder(found, root);
  const hash = createHash('sha256');
  for (const [path, digest] of sorted(found.files)) hash.update(`${path}\0${digest}\n`);
  for (const [, what] of sorted(found.packages)) hash.update(`${what}\n`);
  return hash.digest('hex');
}

interface Found {
  root: string;
  /** Path from the root → hash of the contents. */
  files: Map<string, string>;
  /** Folder → name and version. */
  packages: Map<string, string>;
  bytes: number;
}

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a, x], [b, y]) => byCodeUnits(a, b) || byCodeUnits(x, y));
}

async function addFolder(found: Found, folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    if (isApart(entry.name) || MANIFEST.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await addFolder(found, path);
    else if (entry.isFile()) await addFile(found, path);
    // What a link names is where its files are.
    else if (entry.isSymbolicLink() && isFile(path)) await addFile(found, path);
  }
}

async function addFile(found: Found, path: string): Promise<void> {
  const name = relative(found.root, path).replaceAll(sep, '/');
  if (found.files.has(name)) return;
  found.bytes += statSync(path).size;
  if (found.files.size >= FILES_MAX || found.bytes > BYTES_MAX) throw tooMuch(found);
  const bytes = await readFile(path);
  found.files.set(name, createHash('sha256').update(bytes).digest('hex'));
  if (CODE.test(path)) await addNamed(found, path, bytes.toString('utf8'));
}

/** What the text of a module names: files beside it, and packages. */
async function addNamed(found: Found, path: string, text: string): Promise<void> {
  const folder = dirname(path);
  for (const [, , named] of text.matchAll(PATH_TEXT)) {
    const file = ENDINGS.map((ending) => resolve(folder, `${named!.replace(/[?#].*$/, '')}${ending}`)).find(
      isFile,
    );
    if (file !== undefined && !MANIFEST.test(file)) await addFile(found, file);
  }
  for (const [, , named] of text.matchAll(PACKAGE_TEXT)) await addPackage(found, packageName(named!), folder);
}

function packageName(imported: string): string {
  return imported.split('/', imported.startsWith('@') ? 2 : 1).join('/');
}

async function addPackage(found: Found, name: string, start: string): Promise<void> {
  // Our own version is part of what a step result depends on, and Node’s modules are Node’s.
  if (name === 'scalequest' || name.includes(':') || isBuiltin(name)) return;
  const installed = packageFolder(name, start);
  if (installed === null) {
    found.packages.set(name, `${name} not found`);
    return;
  }
  const folder = await realpath(installed);
  if (folder === found.root || found.packages.has(folder)) return;
  const { version, dependencies, peerDependencies, optionalDependencies } = await readPackage(folder);
  found.packages.set(folder, `${name} ${String(version)}`);
  if (found.packages.size > FILES_MAX) throw tooMuch(found);
  const isLink = !folder.split(sep).includes('node_modules');
  if (isLink) await addFolder(found, folder);
  for (const each of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }))
    await addPackage(found, each, folder);
}

interface PackageJson {
  version?: unknown;
  dependencies?: object;
  peerDependencies?: object;
  optionalDependencies?: object;
}

async function readPackage(folder: string): Promise<PackageJson> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageJson;
}

/** The folder of an installed package, from a folder upwards, as Node looks for it; null where none is. */
export function packageFolder(
  name: string,
  start: string,
  exists: (path: string) => boolean = existsSync,
): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    const installed = join(folder, 'node_modules', ...name.split('/'));
    if (exists(join(installed, 'package.json'))) return installed;
    if (folder === dirname(folder)) return null;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function tooMuch({ root }: Found): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_OPERATOR_LOAD',
    `${root} holds more than ${FILES_MAX} files or ${BYTES_MAX >> 20} MiB, expected the code of operators and nothing else; put it ` +
      'into a folder of its own',
  );
}

/** The module of a folder of operators: as its package.json says, else `index`. Null where there is none. */
export async function moduleOfFolder(folder: string): Promise<string | null> {
  const { exports, main } = (
    existsSync(join(folder, 'package.json')) ? await readPackage(folder) : {}
  ) as PackageJson & { exports?: unknown; main?: unknown };
  const said = [importTarget(exports), typeof main === 'string' ? main : null];
  const names = [...said, 'index.js', 'index.mjs', 'index.ts', 'index.mts'].filter((name) => name !== null);
  const found = names.find((name) => extname(name) !== '' && isFile(join(folder, name)));
  return found === undefined ? null : join(folder, found);
}

/** What `exports` of a package.json gives to an `import` of the package. */
function importTarget(exports: unknown): string | null {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return null;
  const all = new Map(Object.entries(exports));
  if (all.has('.')) return importTarget(all.get('.'));
  const condition = ['node', 'import', 'module-sync', 'default'].find((key) => all.has(key));
  return condition === undefined ? null : importTarget(all.get(condition));
}
