import { resolve } from 'node:path';
import type { ScaleQuestError } from '../../errors.js';
import { type NamedSource, namedSources } from '../../io/sources/registry.js';
import type { CheckDeps } from './checkDeps.js';
import { type PipelineDocument, problem } from '../document.js';
import { suggestion } from '../nearest.js';
import type { Plan } from '../plan.js';

const HEAD_BYTES = 1 << 18;

/**
 * Finds files of rows that are not there, and columns that no row at the head of the first file has: every row would be
 * rejected for lack of them. A format that finds this when it opens the file, as Parquet does by its schema, reads no head.
 */
export async function checkSource(
  document: PipelineDocument,
  { source }: Plan['settings'],
  folder: string,
  deps: CheckDeps,
  problems: ScaleQuestError[],
): Promise<void> {
  for (const named of namedSources(source)) {
    checkFiles(document, named, folder, deps, problems);
    await checkColumnsAtHead(document, named, folder, deps, problems);
  }
}

async function checkColumnsAtHead(
  document: PipelineDocument,
  { name: formatName, format, options }: NamedSource,
  folder: string,
  { exists, readHead }: CheckDeps,
  problems: ScaleQuestError[],
): Promise<void> {
  const { paths, columns, fileColumns } = format.describe(options);
  const path = resolve(folder, paths[0]!);
  if (!format.readHead || !exists(path) || !path.endsWith(format.extension)) return;
  const bytes = await readHead(path, HEAD_BYTES);
  const head = format.readHead(bytes, bytes.length < HEAD_BYTES);
  if (head.rows === 0) return;
  for (const [at, { name }] of columns.entries()) {
    const inFile = fileColumns[at]!.name;
    if (head.columns.has(inFile)) continue;
    const message =
      `none of the first ${head.rows} rows of ${path} has a column "${inFile}"; ` +
      `${suggestion(inFile, [...head.columns])}; another name for it is given by \`from: { ${name}: … }\``;
    problems.push(problem('ERR_DATA_INVALID', document.at(['source', formatName, 'columns', name]), message));
  }
}

function checkFiles(
  document: PipelineDocument,
  { name: formatName, format, options }: NamedSource,
  folder: string,
  { exists, isPending }: CheckDeps,
  problems: ScaleQuestError[],
): void {
  const { paths } = format.describe(options);
  for (const [index, written] of paths.entries()) {
    const path = resolve(folder, written);
    if (exists(path) || isPending?.(path, 'source')) continue;
    const at = ['source', formatName, 'path', ...(paths.length > 1 ? [index] : [])];
    const message = `found nothing at ${path}; expected a file of rows or a folder of them, relative to the pipeline file`;
    problems.push(problem('ERR_IO_READ', document.at(at), message));
  }
}
