import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import type { Files } from '../files/files.js';
import { type TextFileOptions, describeFiles, lineBytesMaxOf } from './fileOptions.js';
import type { Block, FileHead, HeadRequest, ReadRequest, SourceFiles } from './format.js';
import type { CsvRecord, CsvStyle } from './text/csvRecords.js';
import { type TextBlock, readText } from './text/readText.js';
import { readTextHead } from './text/textHead.js';
import { readTextHeadRows, readTextRows } from './textRows.js';
import { convertCell } from '../values/cell.js';
import { ValueFault } from '../values/convert.js';
import type { FileColumn, ReadRow } from '../values/jsonRow.js';

/** Options that all tables in text have. */
export const tableOptions = {
  header: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Names of the columns, in order, for files that have no line with the names; if absent the first line holds them.',
    ),
  quote: z
    .enum(['double', 'none'])
    .optional()
    .describe(
      'What encloses a field that holds delimiters or line ends: `double` for double quotes (if absent), or `none`, where quotes ' +
        'are characters like any other.',
    ),
};

export interface TableOptions extends TextFileOptions {
  header?: readonly string[] | undefined;
  quote?: 'double' | 'none' | undefined;
  delimiter?: string | undefined;
}

/** What the formats of tables in text share; `delimiter` where the options have none. */
export function csvFiles(delimiter: string): {
  describe(options: TableOptions): SourceFiles;
  readHead(files: Files, request: HeadRequest, options: TableOptions): Promise<FileHead>;
  open(files: Files, request: ReadRequest, options: TableOptions): AsyncGenerator<Block>;
} {
  return {
    describe: describeFiles,
    readHead: (files, request, options) => readHead(files, request, options, delimiter),
    open: (files, request, options) =>
      readTextRows<Row>(request, options, {
        records: (file) => {
          const records = tableRecords(readText(files, file, options.encoding), file, options, delimiter);
          return rowsOf(records, { file, columns: request.columns }, options);
        },
        read: readRow,
      }),
  };
}

/** A record with the places of the wanted columns in it; a place of -1 is none. */
interface Row extends Omit<CsvRecord, 'fault'> {
  fault: string | undefined;
  places: readonly number[];
  /** Cells that a record must have. */
  width: number;
}

async function* rowsOf(
  table: AsyncIterable<readonly CsvRecord[]>,
  { file, columns }: { file: string; columns: ReadRequest['columns'] },
  { header }: TableOptions,
  onNames: (names: readonly string[]) => void = () => undefined,
): AsyncGenerator<readonly Row[]> {
  let names: readonly string[] | null = header ?? null;
  if (names) onNames(names);
  let places: readonly number[] = names ? placesOf(file, names, columns) : [];
  for await (const records of table) {
    let rest = records;
    if (names === null && rest.length > 0) {
      names = namesIn(file, rest[0]!);
      onNames(names);
      places = placesOf(file, names, columns);
      rest = rest.slice(1);
    }
    const width = names?.length ?? 0;
    // A spread would cost more than reading the cells.
    yield rest.map(({ line, cells, fault }) => ({ line, cells, fault, places, width }));
  }
}

async function* tableRecords(
  text: AsyncIterable<TextBlock>,
  file: string,
  options: TableOptions,
  delimiter: string,
): AsyncGenerator<readonly CsvRecord[]> {
  const style: CsvStyle = {
    delimiter: options.delimiter ?? delimiter,
    quote: options.quote === 'none' ? null : '"',
    recordBytesMax: lineBytesMaxOf(options),
  };
  // The parser is loaded when a file is read: checking a pipeline does without it.
  const { csvRecords } = await import('./text/csvRecords.js');
  yield* csvRecords(text, file, style);
}

function namesIn(file: string, { cells, fault, line }: CsvRecord): string[] {
  if (fault === undefined) return cells.map((cell) => cell ?? '');
  const message = `the line with the names of the columns cannot be read: ${fault}.`;
  throw new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file, line } });
}

function placesOf(
  file: string,
  names: readonly string[],
  columns: ReadRequest['columns'],
): readonly number[] {
  return columns.map(({ name }) => {
    const place = names.indexOf(name);
    if (place < 0)
      throw badHeader(
        file,
        name,
        `found the columns ${printNames(names)}, expected a column "${name}"`,
        names,
      );
    if (place !== names.lastIndexOf(name))
      throw badHeader(
        file,
        name,
        `found the column "${name}" more than once in the header, expected it once`,
        [],
      );
    return place;
  });
}

function printNames(names: readonly string[]): string {
  const shown = names.slice(0, 30).map((name) => (name.length > 60 ? `${name.slice(0, 59)}…` : name));
  return `${shown.join(', ')}${names.length > 30 ? ', …' : ''}`;
}

function badHeader(file: string, column: string, found: string, names: readonly string[]): ScaleQuestError {
  const advice = delimiterAdvice(names) ?? 'Correct the header, or say `header: [ … ]` if the file has none';
  return new ScaleQuestError('ERR_DATA_INVALID', `${found}. ${advice}.`, {
    at: { file, line: 1 },
    data: { column },
  });
}

/** What to do about a header that is one name, which looks like several. */
function delimiterAdvice(names: readonly string[]): string | undefined {
  const [only] = names;
  const mark = names.length === 1 ? [';', '\t', '|', ','].find((each) => only!.includes(each)) : undefined;
  if (mark === undefined) return undefined;
  const printed = JSON.stringify(mark);
  return `The names are divided by ${printed}: say \`delimiter: ${printed}\` under source.csv`;
}

function readRow({ cells, fault, places, width }: Row, columns: readonly FileColumn[]): ReadRow {
  if (fault !== undefined) return { fault };
  if (cells.length !== width)
    return { fault: `found ${cells.length} fields, expected ${width}, as many as the header has names` };
  const values = [];
  for (const [at, { name, type, nullable }] of columns.entries()) {
    try {
      values.push(convertCell(type, cells[places[at]!]!, nullable));
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error;
      return { fault: error.message, column: name };
    }
  }
  return { values };
}

function longHeader(charactersMax: number): string {
  return `Its header does not end within ${charactersMax} characters; is it a table?`;
}

/** A header names all columns. */
async function readHead(
  files: Files,
  request: HeadRequest,
  options: TableOptions,
  delimiter: string,
): Promise<FileHead> {
  const { file, charactersMax } = request;
  const columns = describeFiles(options).fileColumns;
  let names: readonly string[] = [];
  const head = (read: { rows: number; isWhole: boolean }): FileHead => ({
    ...read,
    columns: new Set(names),
    isSchema: true,
    advice: names.length === 0 && !read.isWhole ? longHeader(charactersMax) : delimiterAdvice(names),
  });
  const text = readTextHead(files, file, { ...options, charactersMax });
  const records = tableRecords(text, file, options, delimiter);
  const rows = rowsOf(records, { file, columns }, options, (found) => {
    names = found;
  });
  try {
    const reader = { records: () => rows, read: readRow };
    return head(await readTextHeadRows(request, { options, columns }, reader, () => undefined));
  } catch (error) {
    // Who asks compares the names, and knows where the pipeline file has the column.
    if (
      error instanceof ScaleQuestError &&
      columns.some(({ name }) => !names.includes(name) && names.length > 0)
    )
      return head({ rows: 0, isWhole: false });
    throw error;
  }
}
