import { ScaleQuestError } from '../../errors.js';
import type { Files } from '../files/files.js';
import { type TextFileOptions, describeFiles, lineBytesMaxOf } from './fileOptions.js';
import type { Block, FileHead, HeadRequest, ReadRequest, SourceFiles } from './format.js';
import { type TextReader, readTextHeadRows, readTextRows } from './textRows.js';
import { type TextBlock, readText } from './text/readText.js';
import type { TextRecord } from './text/records.js';
import { ArrayFault, splitArray } from './text/splitArray.js';
import { splitLines } from './text/splitLines.js';
import { readTextHead } from './text/textHead.js';
import { type FileColumn, type ReadRow, readJsonRow, recordIn } from '../values/jsonRow.js';

/** What the formats of JSON share: JSON objects, one a line, or in one array around them. */
export const jsonFiles = {
  describe: (options: TextFileOptions): SourceFiles => describeFiles(options),
  readHead,
  open: readBlocks,
};

/** A missing key is null; blank lines do not count. */
function readBlocks(files: Files, request: ReadRequest, options: TextFileOptions): AsyncGenerator<Block> {
  return readTextRows<TextRecord>(request, options, {
    records: (file) => recordsIn(readText(files, file, options.encoding), file, options),
    read: readRecord,
  });
}

function readRecord({ text, fault }: TextRecord, columns: readonly FileColumn[]): ReadRow {
  return fault === undefined ? readJsonRow(text, columns) : { fault };
}

/** A file that begins with a bracket is one array; the lines of any other are records. */
async function* recordsIn(
  blocks: AsyncIterable<TextBlock>,
  file: string,
  options: TextFileOptions,
): AsyncGenerator<readonly TextRecord[]> {
  const { isArray, all } = await peek(blocks);
  if (!isArray) {
    for await (const lines of splitLines(all, lineBytesMaxOf(options)))
      yield lines.filter(({ text, fault }) => fault !== undefined || text.trim() !== '');
    return;
  }
  try {
    for await (const element of splitArray(all, lineBytesMaxOf(options))) yield [element];
  } catch (error) {
    if (!(error instanceof ArrayFault)) throw error;
    const message = `${error.message}: the file begins as one JSON array, "[".`;
    throw new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file, line: error.line } });
  }
}

/** Reads up to the first character that is no space, and gives the same blocks again. */
async function peek(
  blocks: AsyncIterable<TextBlock>,
): Promise<{ isArray: boolean; all: AsyncIterable<TextBlock> }> {
  const held: TextBlock[] = [];
  const source = blocks[Symbol.asyncIterator]();
  let first: string | undefined;
  while (first === undefined) {
    const next = await source.next();
    if (next.done) break;
    held.push(next.value);
    first = /[^\s\ufeff]/.exec(next.value.text)?.[0];
  }
  async function* all(): AsyncGenerator<TextBlock> {
    try {
      yield* held;
      for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
    } finally {
      await source.return?.();
    }
  }
  return { isArray: first === '[', all: all() };
}

/** Columns count where they have a value in a row of the head: no line names them all. */
async function readHead(files: Files, request: HeadRequest, options: TextFileOptions): Promise<FileHead> {
  const columns = new Set<string>();
  const { file, charactersMax } = request;
  const { fileColumns } = describeFiles(options);
  const reader: TextReader<TextRecord> = {
    records: () => recordsIn(readTextHead(files, file, { ...options, charactersMax }), file, options),
    read: readRecord,
  };
  const read = await readTextHeadRows(request, { options, columns: fileColumns }, reader, ({ text }) => {
    for (const [name, value] of Object.entries(recordIn(text) ?? {})) if (value !== null) columns.add(name);
  });
  return { ...read, columns, isSchema: false };
}
