import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';

/** One TypeScript file of the repository; paths with `/`, from its root. */
export interface SourceFile {
  path: string;
  text: string;
  lines: readonly string[];
  imports: readonly Import[];
}

export interface Import {
  /** From the root for a file of ours (`src/errors.ts`), else as written (`node:fs`, `rxjs`). */
  from: string;
  isTypeOnly: boolean;
  /** `import(…)` inside a function: loaded when it is called. */
  isLate?: boolean;
}

export function sourceFiles(folder: string): SourceFile[] {
  const names = readdirSync(join(PACKAGE_FOLDER, folder), { recursive: true }) as string[];
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readSource(`${folder}/${name.split(sep).join('/')}`))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(PACKAGE_FOLDER, path), 'utf8');
  return { path, text, lines: text.split('\n'), imports: importsOf(path, text) };
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:([^'"`;]*?)\s*from\s*)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

function importsOf(path: string, text: string): Import[] {
  const statements = [...text.matchAll(STATEMENT)].map(([, type, names = '', from]) => ({
    from: target(path, from!),
    isTypeOnly: type !== undefined || onlyTypes(names),
  }));
  const dynamic = [...text.matchAll(DYNAMIC)].map(([, from]) => ({
    from: target(path, from!),
    isTypeOnly: false,
    isLate: true,
  }));
  return [...statements, ...dynamic];
}

/** `{ type A, type B }`. */
function onlyTypes(names: string): boolean {
  const inner = names.match(/^\{([^}]*)\}$/)?.[1];
  const listed = inner?.split(',').filter((name) => name.trim() !== '') ?? [];
  return listed.length > 0 && listed.every((name) => name.trim().startsWith('type '));
}

/** What package.json calls by a name of ours (`#startProgram`), by the module that it is made of. */
const NAMED = (
  JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as {
    imports: Record<string, { types: string }>;
  }
).imports;

function target(path: string, from: string): string {
  const named = NAMED[from]?.types;
  if (named) return named.replace(/^\.\/dist\//, '').replace(/\.d\.ts$/, '.ts');
  if (!from.startsWith('.')) return from;
  const absolute = join(PACKAGE_FOLDER, dirname(path), from);
  return relative(PACKAGE_FOLDER, absolute).split(sep).join('/').replace(/\.js$/, '.ts');
}

/** `operators` of `src/operators/generate.ts`; empty for a file beside the folders. */
export function layerOf(path: string): string {
  return path.match(/^src\/([^/]+)\//)?.[1] ?? '';
}

/** The lines with comments taken out: what a call is looked for in. */
export function codeOf({ text }: SourceFile): string {
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

/** A name that a file of ours declares and exports. */
export interface Exported {
  name: string;
  /** Interfaces and type aliases: nothing of them is left at run time. */
  isType: boolean;
}

const DECLARATION =
  /^export (?:declare )?(?:async )?(?:abstract )?(interface|type|const|let|class|enum|function)\*? +(\w+)/gm;

/** What a file declares and exports; what it hands on from another (`export … from`) is not its own. */
export function exportsOf(file: SourceFile): Exported[] {
  return [...codeOf(file).matchAll(DECLARATION)].map(([, kind, name]) => ({
    name: name!,
    isType: kind === 'interface' || kind === 'type',
  }));
}

/** Whether a file only declares types: nothing of it runs, so nothing can be tested. */
export function declaresOnlyTypes(file: SourceFile): boolean {
  if (file.path.endsWith('.d.ts')) return true;
  const statements = codeOf(file)
    .split('\n')
    .filter((line) => /^[^\s}\])]/.test(line));
  return statements.every((line) =>
    /^(?:import|export (?:declare )?(?:interface|type))\b|^interface\b|^type\b/.test(line),
  );
}

const STARTED = /new URL\('(\.[^']+?)(?:\.thread)?\.js', import\.meta\.url\)/g;

/** Files that threads and processes of ours begin with: those that some file starts by its address. */
export function entryPaths(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    [...codeOf(file).matchAll(STARTED)].map(([, from]) => target(file.path, `${from}.js`)),
  );
}
