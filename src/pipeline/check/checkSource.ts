import { relative, resolve } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { isPattern } from '../../io/files/dataFiles.js';
import { type NamedSource, namedSources } from '../../io/sources/registry.js';
import type { CheckDeps } from './checkDeps.js';
import { type PipelineDocument, problem } from '../document.js';
import { suggestion } from '../nearest.js';
import type { Plan } from '../plan.js';

/**
 * Finds files of rows that are not there, and columns that no row at the head of the first file has: every row would be
 * rejected for lack of them. A format that finds this when it opens the file, as Parquet does by its schema, reads no head.
 * Gives the files that lie beside those of the source and are not read.
 */
export async function checkSource(
  document: PipelineDocument,
  { source }: Plan['settings'],
  folder: string,
  deps: CheckDeps,
  problems: ScaleQuestError[],
): Promise<readonly string[]> {
  const leftOut: string[] = [];
  for (const named of namedSources(source)) {
    const found = checkFiles(document, named, folder, deps, problems);
    const { format, options, name } = named;
    const { subfolders } = format.describe(options);
    try {
      const listed = await deps.listFiles(found, { extensions: format.extensions, subfolders });
      leftOut.push(...listed.leftOut.map((path) => shortName(folder, path)));
      if (listed.files[0] !== undefined)
        await checkColumnsAtHead(document, named, listed.files[0], deps, problems);
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      // An earlier link of a chain writes them.
      if (found.some((path) => deps.isPending?.(path, 'source'))) continue;
      problems.push(problem(error.code, document.at(['source', name, 'path']), error.message));
    }
  }
  return leftOut;
}

/** As the pipeline file would name it; a folder ends in a slash. */
function shortName(folder: string, path: string): string {
  return relative(folder, path) + (path.endsWith('/') ? '/' : '');
}

async function checkColumnsAtHead(
  document: PipelineDocument,
  named: NamedSource,
  file: string,
  { sourceHead }: CheckDeps,
  problems: ScaleQuestError[],
): Promise<void> {
  const { columns, fileColumns } = named.format.describe(named.options);
  const head = await sourceHead(named, file);
  if (!head || head.rows === 0) return;
  for (const [at, { name }] of columns.entries()) {
    const inFile = fileColumns[at]!.name;
    if (head.columns.has(inFile)) continue;
    const message =
      `none of the first ${head.rows} rows of ${file} has a column "${inFile}"; ` +
      (head.advice ??
        `${suggestion(inFile, [...head.columns])}; another name for it is given by \`from: { ${name}: … }\``);
    problems.push(problem('ERR_DATA_INVALID', document.at(['source', named.name, 'columns', name]), message));
  }
}

/** The paths at which there is something. */
function checkFiles(
  document: PipelineDocument,
  { name: formatName, format, options }: NamedSource,
  folder: string,
  { exists, isPending }: CheckDeps,
  problems: ScaleQuestError[],
): string[] {
  const { paths } = format.describe(options);
  const found: string[] = [];
  for (const [index, written] of paths.entries()) {
    const path = resolve(folder, written);
    if (exists(path)) found.push(path);
    if (exists(path) || isPending?.(path, 'source')) continue;
    if (isPattern(path)) {
      found.push(path);
      continue;
    }
    const at = ['source', formatName, 'path', ...(paths.length > 1 ? [index] : [])];
    const message = `found nothing at ${path}; expected a file of rows or a folder of them, relative to the pipeline file`;
    problems.push(problem('ERR_IO_READ', document.at(at), message));
  }
  return found;
}
