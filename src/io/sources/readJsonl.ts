import type { RecordBatch } from 'apache-arrow';
import { ScaleQuestError } from '../../errors.js';
import { listDataFiles } from './dataFiles.js';
import type { Files } from '../files/files.js';
import { type Block, ROWS_COUNT, type SourceOptions, toBatches } from './sourceRows.js';

const CHUNK_BYTES = 1 << 20;

/**
 * The lines of JSON Lines files as record batches with a column `seq`. A missing key is null; blank lines do
 * not count. Throws ERR_IO_READ; ERR_DATA_INVALID naming file and line for a line that is no JSON object, and
 * file, column and row for a value of another type.
 */
export async function* readJsonl(files: Files, options: SourceOptions): AsyncGenerator<RecordBatch> {
  yield* toBatches(readBlocks(files, options), options);
}

async function* readBlocks(
  files: Files,
  { paths, columns, batchRows, from = 0 }: SourceOptions,
): AsyncGenerator<Block> {
  let position = 0;
  for (const file of await listDataFiles(files, paths, '.jsonl')) {
    const skipped = Math.max(0, from - position);
    let block = emptyBlock(file, skipped, columns.length);
    let row = 0;
    for await (const { text, line } of readLines(files, file)) {
      if (text.trim() === '') continue;
      row += 1;
      if (position++ < from) continue;
      const record = parseRecord(file, { line, row: row - 1 }, text);
      block.lines.push(line);
      columns.forEach(({ name }, at) => block.values[at]!.push(ownValue(record, name)));
      if (row - block.row < batchRows) continue;
      yield block;
      block = emptyBlock(file, row, columns.length);
    }
    yield block;
  }
}

/** Lines in constant memory but for the longest of them. Numbers count from 1. */
async function* readLines(files: Files, path: string): AsyncGenerator<{ text: string; line: number }> {
  const file = await files.open(path, 'read');
  const decoder = new TextDecoder();
  let rest = '';
  let line = 0;
  try {
    for (let position = 0; ;) {
      const bytes = await file.read(position, CHUNK_BYTES);
      position += bytes.length;
      const lines = (rest + decoder.decode(bytes, { stream: bytes.length > 0 })).split('\n');
      rest = lines.pop()!;
      for (const text of lines) yield { text, line: ++line };
      if (bytes.length === 0) break;
    }
    if (rest !== '') yield { text: rest, line: ++line };
  } finally {
    await file.close();
  }
}

function emptyBlock(file: string, row: number, columnCount: number): Block & { lines: number[] } {
  return { file, row, values: Array.from({ length: columnCount }, () => []), lines: [] };
}

function parseRecord(
  file: string,
  { line, row }: { line: number; row: number },
  text: string,
): Record<string, unknown> {
  const start = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Falls through to the same error.
  }
  throw new ScaleQuestError(
    'ERR_DATA_INVALID',
    `found ${JSON.stringify(start)}, expected one JSON object a line; it is row ${row}${ROWS_COUNT}.`,
    {
      at: { file, line },
    },
  );
}

function ownValue(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : null;
}
