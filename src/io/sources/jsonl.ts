import { ScaleQuestError } from '../../errors.js';
import { listDataFiles } from '../files/dataFiles.js';
import type { Files } from '../files/files.js';
import { ROWS_FROM_ZERO, describeFiles, fileOptions } from './fileOptions.js';
import type { Block, FileHead, ReadRequest, SourceFormat } from './format.js';

const CHUNK_BYTES = 1 << 20;

const schema = fileOptions('JSON Lines files');

export const jsonl: SourceFormat<typeof schema> = {
  extension: '.jsonl',
  schema,
  describe: describeFiles,
  readHead,
  open: readBlocks,
};

/**
 * A missing key is null; blank lines do not count. Throws ERR_IO_READ; ERR_DATA_INVALID naming file and line for a line that
 * is no JSON object.
 */
async function* readBlocks(
  files: Files,
  { paths, columns, batchRows, from = 0 }: ReadRequest,
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
  const record = parseObject(text);
  if (record) return record;
  const start = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  throw new ScaleQuestError(
    'ERR_DATA_INVALID',
    `found ${JSON.stringify(start)}, expected one JSON object a line; it is row ${row}${ROWS_FROM_ZERO}.`,
    {
      at: { file, line },
    },
  );
}

function ownValue(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : null;
}

/** Leaves lines that are no JSON object out: the reader refuses them, with their number. */
function readHead(head: Uint8Array, isWhole: boolean): FileHead {
  const lines = new TextDecoder().decode(head).split('\n');
  // The last line is cut off where the file goes on.
  if (!isWhole) lines.pop();
  const columns = new Set<string>();
  let rows = 0;
  for (const line of lines) {
    const row = parseObject(line);
    if (row === null) continue;
    rows += 1;
    for (const [name, value] of Object.entries(row)) if (value !== null) columns.add(name);
  }
  return { rows, columns };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
