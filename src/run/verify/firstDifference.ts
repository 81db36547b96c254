import type { Column } from '../../arrow/columnType.js';
import type { Files } from '../../io/files/files.js';
import { readParquetBlocks } from '../../io/parquet/readParquet.js';

/** Where two Parquet files of the same columns differ first. */
export interface RowDifference {
  /** Number of the row in the file, from 0. */
  row: number;
  /** Null where one of the files has no such row. */
  column: string | null;
  /** As JSON, shortened. */
  found: string;
  /** As JSON, shortened. */
  expected: string;
}

/** Null where every value is the same. Throws ERR_IO_READ, ERR_DATA_INVALID. */
export async function firstDifference(
  files: Files,
  found: string,
  expected: string,
  columns: readonly Column[],
): Promise<RowDifference | null> {
  const [left, right] = [rowsOf(files, found, columns), rowsOf(files, expected, columns)];
  try {
    for (let row = 0; ; row++) {
      const [a, b] = [await left.next(), await right.next()];
      if (a.done && b.done) return null;
      if (a.done || b.done) return { row, column: null, found: rowOrEnd(a), expected: rowOrEnd(b) };
      const at = columns.findIndex((_, number) => cellText(a.value[number]) !== cellText(b.value[number]));
      if (at < 0) continue;
      const [own, other] = [cellText(a.value[at]), cellText(b.value[at])];
      return { row, column: columns[at]!.name, found: shorten(own, other), expected: shorten(other, own) };
    }
  } finally {
    // Closes the files.
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
}

async function* rowsOf(files: Files, path: string, columns: readonly Column[]): AsyncGenerator<unknown[]> {
  for await (const { values } of readParquetBlocks(files, { paths: [path], columns })) {
    for (let row = 0; row < values[0]!.length; row++) yield values.map((column) => column[row]);
  }
}

function rowOrEnd({ done }: IteratorResult<unknown>): string {
  return done ? 'the end' : 'a row';
}

/** -0 and what JSON does not know are told apart. */
export function cellText(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (Array.isArray(value)) return `[${value.map(cellText).join(',')}]`;
  return (
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)) ?? 'null'
  );
}

const SHOWN_CHARS_MAX = 80;

/** The part of a text where it leaves the other one. */
function shorten(text: string, other: string): string {
  if (text.length <= SHOWN_CHARS_MAX) return text;
  let same = 0;
  while (same < text.length && text[same] === other[same]) same += 1;
  const from = Math.max(0, same - SHOWN_CHARS_MAX / 4);
  const part = text.slice(from, from + SHOWN_CHARS_MAX);
  return `${from > 0 ? '…' : ''}${part}${from + SHOWN_CHARS_MAX < text.length ? '…' : ''}`;
}
