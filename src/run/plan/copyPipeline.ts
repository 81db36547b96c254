import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ENGINE_MISSING, ENGINE_PACKAGE } from '../../backends/llamaCpp/enginePackage.js';
import { ScaleQuestError } from '../../errors.js';
import { PACKAGE_FOLDER, canImport } from '../../io/files/packageFiles.js';
import { suggestion } from '../../pipeline/nearest.js';
import { manifestOfModule } from '../../pipeline/check/readOperators.js';
import { type Outline, outlineOf } from '../../pipeline/outline.js';

const SHIPPED = join(PACKAGE_FOLDER, 'pipelines');

/** What is copied: a path below the target folder, with `/`, and what the file will hold. */
interface Copy {
  path: string;
  bytes: Buffer;
}

/** A pipeline of the package, now in a folder of the user's. */
export interface Copied {
  /** The pipeline file, a path in the folder. */
  file: string;
  written: string[];
  /** Files that were there already, with the same contents. */
  kept: string[];
  /** Lines of the pipeline's top keys. */
  lines: ReadonlyMap<string, number>;
  /** Environment variables that must be set before it runs. */
  variables: string[];
  /** What must be installed before it runs. */
  missing: string | null;
}

/** Names of the pipelines that come with the package. */
export function shippedPipelines(): string[] {
  return readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/**
 * Copies a pipeline of the package, and every file of the package that it names, into a folder: the copy needs nothing of where
 * the package lies. Never overwrites: throws ERR_IO_WRITE, before anything is written, where a file has other contents.
 */
export function copyPipeline(name: string, folder: string): Copied {
  const known = shippedPipelines();
  if (!known.includes(name)) {
    const message = `no pipeline that comes with scalequest is called "${name}"; ${suggestion(name, known)}`;
    throw new ScaleQuestError('ERR_USAGE', message);
  }
  const file = `${name}.yaml`;
  const copies = new Map<string, Copy>();
  const outlines = gather(join(SHIPPED, file), copies);
  const all = [...copies.values()];
  const conflicts = all.filter((copy) => stateOf(folder, copy) === 'other').map(({ path }) => path);
  if (conflicts.length > 0) {
    throw new ScaleQuestError(
      'ERR_IO_WRITE',
      `${folder} has ${conflicts.join(', ')} already, with other contents; expected a folder without: ` +
        'move them away, or use another folder. Nothing was written',
    );
  }
  const kept = all.filter((copy) => stateOf(folder, copy) === 'same');
  const written = all.filter((copy) => !kept.includes(copy));
  for (const copy of written) write(folder, copy);
  const needsEngine = outlines.some(({ keys }) => keys.has('llamaCpp'));
  return {
    file,
    written: written.map(({ path }) => path),
    kept: kept.map(({ path }) => path),
    lines: outlines[0]!.lines,
    variables: [...new Set(outlines.flatMap(({ variables }) => variables))],
    missing: needsEngine && !canImport(ENGINE_PACKAGE) ? ENGINE_MISSING : null,
  };
}

/** Adds a pipeline or chain file, and what it names, to `copies`; gives its outline, and those of the files that it names. */
function gather(file: string, copies: Map<string, Copy>): Outline[] {
  let text = readFileSync(file, 'utf8');
  const outline = outlineOf(text);
  const outlines = [outline];
  const path = targetOf(file);
  // Its place among the files, and an end to circles.
  copies.set(path, { path, bytes: Buffer.alloc(0) });
  const named = outline.strings.map((string) => ({ ...string, source: resolve(SHIPPED, string.value) }));
  // From the end: what stands before keeps its offset.
  for (const { value, start, end, source } of named.filter((each) => isShipped(each.source)).toReversed()) {
    const target = targetOf(source);
    text = text.slice(0, start) + text.slice(start, end).replace(value, target) + text.slice(end);
    if (copies.has(target)) continue;
    if (source.endsWith('.yaml')) outlines.push(...gather(source, copies));
    else for (const each of [source, ...manifestsOf(source)]) addFile(each, copies);
  }
  for (const source of filesInComments(text)) addFile(source, copies);
  // Comments name the files of this folder from the folder above it.
  copies.set(path, { path, bytes: Buffer.from(text.replace(/\bpipelines\/(?=[\w-]+\.yaml)/g, '')) });
  const [, schema] = /^# yaml-language-server: \$schema=(\S+)/m.exec(text) ?? [];
  if (schema) copies.set(schema, { path: schema, bytes: readFileSync(join(SHIPPED, schema)) });
  return outlines;
}

function addFile(source: string, copies: Map<string, Copy>): void {
  const path = targetOf(source);
  if (!copies.has(path)) copies.set(path, { path, bytes: readFileSync(source) });
}

/** The manifest beside a module of operators. */
function manifestsOf(source: string): string[] {
  return [manifestOfModule(source)].filter((path) => path !== source && isShipped(path));
}

/** Files that comments name: data to try a pipeline with, programs that stand beside it. Other pipelines are copied by their names. */
function filesInComments(text: string): string[] {
  const comments = text.split('\n').flatMap((line) => /(?:^|\s)#(.*)/.exec(line)?.[1] ?? []);
  const paths = comments.flatMap((comment) => comment.match(/[\w.-]+(?:\/[\w.-]+)*\.\w+/g) ?? []);
  return paths
    .map((path) => resolve(SHIPPED, path))
    .filter((path) => path.startsWith(SHIPPED + sep) && !path.endsWith('.yaml') && isShipped(path));
}

function isShipped(path: string): boolean {
  return path.startsWith(PACKAGE_FOLDER + sep) && existsSync(path) && statSync(path).isFile();
}

/** Files beside the folder of the pipelines, as models, lie below the pipeline in the copy. */
function targetOf(path: string): string {
  const from = path.startsWith(SHIPPED + sep) ? SHIPPED : PACKAGE_FOLDER;
  return relative(from, path).replaceAll(sep, '/');
}

function stateOf(folder: string, { path, bytes }: Copy): 'none' | 'same' | 'other' {
  const place = join(folder, path);
  if (!existsSync(place)) return 'none';
  return statSync(place).isFile() && readFileSync(place).equals(bytes) ? 'same' : 'other';
}

function write(folder: string, { path, bytes }: Copy): void {
  const place = join(folder, path);
  try {
    mkdirSync(dirname(place), { recursive: true });
    // Fails where somebody has made the file in the meantime.
    writeFileSync(place, bytes, { flag: 'wx' });
  } catch (error) {
    const { message } = error as Error;
    throw new ScaleQuestError('ERR_IO_WRITE', `cannot write ${place}: ${message}`, { cause: error });
  }
}
