import { relative, resolve } from 'node:path';
import { ScaleQuestError } from '../../../errors.js';
import { isPattern } from '../../../io/files/dataFiles.js';
import type { FileHead } from '../../../io/sources/format.js';
import { type NamedSource, namedSources } from '../../../io/sources/registry.js';
import type { CheckDeps } from '../checkDeps.js';
import { type PipelineDocument, problem } from '../../document.js';
import { suggestion } from '../../nearest.js';
import { pathAdvice, shownPath } from '../pathAdvice.js';
import type { Plan } from '../../plan.js';

/**
 * Finds files of rows that are not there, and reads the head of each of the others as the run will: what would end the run
 * there is a mistake of the file, and so is a column that no row has. Gives the files that lie beside those of the source and
 * are not read.
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
    // An earlier link of a chain writes them, and may write others than are there.
    const isPending = found.some((path) => deps.isPending?.(path, 'source'));
    try {
      const listed = await deps.listFiles(found, { extensions: format.extensions, subfolders });
      leftOut.push(...listed.leftOut.map((path) => shortName(folder, path)));
      if (isPending) continue;
      problems.push(...(await faultsOfHeads(document, named, listed.files, { ...deps, ...source })));
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      if (isPending) continue;
      problems.push(problem(error.code, document.at(['source', name, 'path']), error.message));
    }
  }
  return leftOut;
}

/** As the pipeline file would name it; a folder ends in a slash. */
function shortName(folder: string, path: string): string {
  return relative(folder, path) + (path.endsWith('/') ? '/' : '');
}

type HeadDeps = Pick<CheckDeps, 'sourceHead' | 'needsRows'> & Pick<Plan['settings']['source'], 'batchRows'>;

/** Of so many files the heads are read; of more, as many that are spread evenly. */
const HEADS_MAX = 1000;
/** Most sources are one file; of many, each head is short. */
const FIRST_HEAD_CHARACTERS = 1 << 18;
const HEAD_CHARACTERS = 1 << 14;
/** Nobody reads more of them at once. */
const FAULTS_MAX = 10;

async function faultsOfHeads(
  document: PipelineDocument,
  named: NamedSource,
  files: readonly string[],
  { sourceHead, needsRows, batchRows }: HeadDeps,
): Promise<ScaleQuestError[]> {
  const faults: ScaleQuestError[] = [];
  const heads: ReadHead[] = [];
  for (const [at, file] of spread(files, HEADS_MAX).entries()) {
    if (faults.length >= FAULTS_MAX) break;
    const charactersMax = at === 0 ? FIRST_HEAD_CHARACTERS : HEAD_CHARACTERS;
    try {
      heads.push({ file, ...(await sourceHead(named, { file, rowsMax: batchRows, charactersMax })) });
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      faults.push(problem(error.code, document.at(placeOf(named, error)), error.message));
    }
  }
  if (faults.length > 0) return faults;
  const empty = needsRows && heads.length > 0 && heads.every(({ rows, isWhole }) => rows === 0 && isWhole);
  return empty ? [noRows(document, named, files)] : missingColumns(document, named, heads);
}

interface ReadHead extends FileHead {
  file: string;
}

function spread<Item>(items: readonly Item[], countMax: number): readonly Item[] {
  if (items.length <= countMax) return items;
  return Array.from(
    { length: countMax },
    (_, at) => items[Math.floor((at * (items.length - 1)) / (countMax - 1))]!,
  );
}

/** The column that a fault names, else the path. */
function placeOf({ name, format, options }: NamedSource, { data }: ScaleQuestError): string[] {
  const { columns, fileColumns } = format.describe(options);
  const at = fileColumns.findIndex((column) => column.name === data['column']);
  return at < 0 ? ['source', name, 'path'] : ['source', name, 'columns', columns[at]!.name];
}

function noRows(
  document: PipelineDocument,
  { name }: NamedSource,
  files: readonly string[],
): ScaleQuestError {
  const more = files.length > 1 ? ` and ${files.length - 1} more` : '';
  const message = `found no row in ${files[0]}${more}, expected at least one. Check the path, or write the file`;
  return problem('ERR_DATA_INVALID', document.at(['source', name, 'path']), message);
}

/**
 * A file whose header or schema lacks a column ends the run. Where rows name their own, one head that has the column is enough, for
 * it may be left out of some; but a file of which no row has any of the columns is another file.
 */
function missingColumns(
  document: PipelineDocument,
  { name: formatName, format, options }: NamedSource,
  heads: readonly ReadHead[],
): ScaleQuestError[] {
  const { columns, fileColumns } = format.describe(options);
  const withRows = heads.filter(({ rows, isSchema }) => rows > 0 || isSchema);
  const [first] = withRows;
  const faults: ScaleQuestError[] = [];
  for (const [at, { name }] of columns.entries()) {
    const inFile = fileColumns[at]!.name;
    const isIn = (head: ReadHead): boolean => head.columns.has(inFile);
    const isOther = (head: ReadHead): boolean =>
      fileColumns.every((column) => !head.columns.has(column.name));
    const lacking = withRows.find(
      (head) => !isIn(head) && (head.isSchema || isOther(head) || (head === first && !withRows.some(isIn))),
    );
    if (!lacking) continue;
    const place = document.at(['source', formatName, 'columns', name]);
    faults.push(problem('ERR_DATA_INVALID', place, missingColumn(lacking, { name, inFile })));
  }
  return faults;
}

function missingColumn(
  { rows, file, columns, isSchema, advice }: ReadHead,
  { name, inFile }: { name: string; inFile: string },
): string {
  const found = isSchema
    ? `${file} has no column "${inFile}"`
    : `none of the first ${rows} rows of ${file} has a column "${inFile}"`;
  if (isSchema && columns.size === 0 && !advice)
    return `${file} is empty, expected a header with the column "${inFile}"`;
  if ([...columns].some((name) => name.includes('\0')))
    return `${found}; its names hold NUL bytes. If the file is UTF-16, say so: \`encoding: utf-16le\` or utf-16be`;
  const otherName = `another name for it is given by \`from: { ${name}: … }\``;
  return advice ? `${found}. ${advice}` : `${found}; ${suggestion(inFile, [...columns])}; ${otherName}`;
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
    const expected = 'expected a file of rows or a folder of them, relative to the pipeline file';
    const message = `found nothing at ${shownPath(written, path)}; ${pathAdvice(written, expected)}`;
    problems.push(problem('ERR_IO_READ', document.at(at), message));
  }
  return found;
}
