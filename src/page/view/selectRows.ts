import type { RowTable, TableRow } from './rowTable.js';

/** Which rows are shown, and in which order. */
export interface RowFilter {
  /** Words that must all stand in one of `textColumns`, whatever their case. */
  text: string;
  textColumns: readonly string[];
  /** A column of numbers and its bounds. */
  range: { column: string; min: number | null; max: number | null } | null;
  /** Columns and the value that each must have. */
  equal: Readonly<Record<string, string>>;
  sort: { column: string; isDescending: boolean } | null;
}

export interface Selection {
  /** Numbers of the rows in the table; null for all of them in their order. */
  order: Uint32Array | null;
  count: number;
}

export interface SelectProgress {
  looked: number;
  hits: number;
}

export const ALL_ROWS: Selection = { order: null, count: -1 };

/**
 * Numbers of the rows that pass a filter, sorted. Numbers and short values are looked at first, and texts only where those have hits:
 * a column of numbers is a fiftieth of the texts. Ends early, with what it has, when `signal` is aborted.
 */
export async function selectRows(
  table: RowTable,
  filter: RowFilter,
  onProgress: (progress: SelectProgress) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Selection> {
  const { range, equal, sort } = filter;
  const words = wordsOf(filter.text);
  const cheap = [
    ...new Set([...Object.keys(equal), ...(range ? [range.column] : []), ...(sort ? [sort.column] : [])]),
  ];
  if (cheap.length === 0 && words.length === 0) return { order: null, count: table.rows };
  const hits = await cheapHits(table, filter, cheap, signal);
  const found =
    words.length > 0 ? await textHits(table, filter.textColumns, words, hits, onProgress, signal) : hits;
  return ordered(found, sort);
}

interface Hits {
  rows: Uint32Array;
  /** The numbers to sort by, of each hit; null where nothing is sorted. */
  keys: Float64Array | null;
}

async function cheapHits(
  table: RowTable,
  { range, equal, sort }: RowFilter,
  columns: readonly string[],
  signal: AbortSignal,
): Promise<Hits> {
  const rows = new Uint32Array(table.rows);
  const keys = sort ? new Float64Array(table.rows) : null;
  let count = 0;
  if (columns.length === 0) {
    for (let row = 0; row < rows.length; row++) rows[row] = row;
    return { rows, keys };
  }
  for await (const block of table.scan(columns)) {
    if (signal.aborted) break;
    for (const [at, row] of block.rows.entries()) {
      if (!passes(row, range, equal)) continue;
      if (keys) keys[count] = numberOf(row[sort!.column]);
      rows[count++] = block.from + at;
    }
  }
  return { rows: rows.subarray(0, count), keys: keys?.subarray(0, count) ?? null };
}

function passes(row: TableRow, range: RowFilter['range'], equal: RowFilter['equal']): boolean {
  for (const column in equal) if (row[column] !== equal[column]) return false;
  if (!range) return true;
  const value = numberOf(row[range.column]);
  // What is no number is in no range.
  if (Number.isNaN(value)) return false;
  return (range.min === null || value >= range.min) && (range.max === null || value <= range.max);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : NaN;
}

async function textHits(
  table: RowTable,
  columns: readonly string[],
  words: readonly string[],
  { rows, keys }: Hits,
  onProgress: (progress: SelectProgress) => void,
  signal: AbortSignal,
): Promise<Hits> {
  const found: number[] = [];
  const foundKeys: number[] = [];
  for (let at = 0; at < rows.length && !signal.aborted;) {
    // Hits that lie near each other are in one row group.
    const end = runEnd(rows, at);
    const first = rows[at]!;
    const texts = await table.read(first, rows[end - 1]! + 1, columns);
    for (; at < end; at++) {
      if (!hasWords(texts[rows[at]! - first]!, columns, words)) continue;
      found.push(rows[at]!);
      if (keys) foundKeys.push(keys[at]!);
    }
    onProgress({ looked: at, hits: found.length });
  }
  return { rows: Uint32Array.from(found), keys: keys && Float64Array.from(foundKeys) };
}

const READ_ROWS_MAX = 4096;

function runEnd(rows: Uint32Array, from: number): number {
  let end = from + 1;
  while (end < rows.length && rows[end]! - rows[from]! < READ_ROWS_MAX) end += 1;
  return end;
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

function hasWords(row: TableRow, columns: readonly string[], words: readonly string[]): boolean {
  const texts = columns.map((column) => textOf(row[column]).toLowerCase());
  return words.every((word) => texts.some((text) => text.includes(word)));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(textOf).join('\n') : '';
}

/** Rows without a number come last, in whichever direction; equal ones in the order of the table. */
function ordered({ rows, keys }: Hits, sort: RowFilter['sort']): Selection {
  if (!sort || !keys) return { order: rows, count: rows.length };
  const sign = sort.isDescending ? -1 : 1;
  const places = Uint32Array.from(rows, (_, at) => at).sort((a, b) => {
    const [one, other] = [keys[a]!, keys[b]!];
    if (Number.isNaN(one) || Number.isNaN(other))
      return Number(Number.isNaN(one)) - Number(Number.isNaN(other)) || a - b;
    return sign * (one - other) || a - b;
  });
  return { order: places.map((at) => rows[at]!), count: rows.length };
}
