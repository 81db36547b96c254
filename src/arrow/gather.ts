import { type Data, DataType, type Field, Precision, makeData } from 'apache-arrow';
import { ScaleQuestError } from '../errors.js';
import { bitmapBytes } from './build.js';

/** Segments of one column: row numbers in pairs, from (inclusive) and to (exclusive). */
export interface Piece {
  data: Data;
  runs: Int32Array;
}

/**
 * One column made of segments of others of the same type, in order: the kernel of take and of concat. It copies. It takes
 * the types of COLUMN_TYPES, with nulls, slices and offsets; throws ERR_INVARIANT for any other type.
 */
export function gather(type: DataType, pieces: readonly Piece[]): Data {
  const length = pieces.reduce((rows, { runs }) => rows + countRows(runs), 0);
  const valid = gatherValidity(pieces, length);
  if (DataType.isUtf8(type)) return makeData({ type, length, ...valid, ...gatherText(pieces, length) });
  if (DataType.isInt(type) && type.bitWidth === 32)
    return makeData({ type, length, ...valid, data: gatherNumbers(pieces, new Int32Array(length)) });
  if (DataType.isInt(type) && type.bitWidth === 64)
    return makeData({ type, length, ...valid, data: gatherNumbers(pieces, new BigInt64Array(length)) });
  if (DataType.isFloat(type) && type.precision === Precision.DOUBLE) {
    return makeData({ type, length, ...valid, data: gatherNumbers(pieces, new Float64Array(length)) });
  }
  if (DataType.isBool(type))
    return makeData({ type, length, ...valid, data: gatherBits(pieces, length, 'values') });
  if (DataType.isList(type))
    return makeData({ type, length, ...valid, ...gatherLists(type.valueType, pieces, length) });
  if (DataType.isStruct(type))
    return makeData({ type, length, ...valid, children: gatherFields(type.children, pieces) });
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `cannot take rows of a column of the Arrow type ${type}, ` +
      'expected Utf8, Int32, Int64, Float64, Bool, or a List or Struct of them',
  );
}

export function countRows(runs: Int32Array): number {
  let rows = 0;
  for (let at = 0; at < runs.length; at += 2) rows += runs[at + 1]! - runs[at]!;
  return rows;
}

/** Slicing a struct slices its children too. */
function gatherFields(fields: readonly Field[], pieces: readonly Piece[]): Data[] {
  return fields.map(({ type }, at) =>
    gather(
      type,
      pieces.map(({ data, runs }) => ({ data: data.children[at]!, runs })),
    ),
  );
}

function gatherNumbers<T extends Int32Array | Float64Array | BigInt64Array>(
  pieces: readonly Piece[],
  into: T,
): T {
  let length = 0;
  for (const { data, runs } of pieces) {
    const values = data.values as T;
    for (let at = 0; at < runs.length; at += 2) {
      const to = runs[at + 1]!;
      for (let row = runs[at]!; row < to; row++) into[length++] = values[row]!;
    }
  }
  return into;
}

function gatherText(
  pieces: readonly Piece[],
  length: number,
): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = gatherOffsets(pieces, length);
  const bytes = new Uint8Array(valueOffsets[length]!);
  let end = 0;
  for (const { data, runs } of pieces) {
    const offsets = data.valueOffsets;
    for (let at = 0; at < runs.length; at += 2) {
      const from = offsets[runs[at]!]!;
      const to = offsets[runs[at + 1]!]!;
      bytes.set(data.values.subarray(from, to), end);
      end += to - from;
    }
  }
  return { valueOffsets, data: bytes };
}

function gatherLists(
  type: DataType,
  pieces: readonly Piece[],
  length: number,
): { valueOffsets: Int32Array; child: Data } {
  const elements = pieces.map(({ data, runs }) => ({
    data: data.children[0]!,
    runs: runs.map((row) => (data.length === 0 ? 0 : data.valueOffsets[row]!)),
  }));
  return { valueOffsets: gatherOffsets(pieces, length), child: gather(type, elements) };
}

function gatherOffsets(pieces: readonly Piece[], length: number): Int32Array {
  const gathered = new Int32Array(length + 1);
  let count = 0;
  let end = 0;
  for (const { data, runs } of pieces) {
    const offsets = data.valueOffsets;
    for (let at = 0; at < runs.length; at += 2) {
      const to = runs[at + 1]!;
      for (let row = runs[at]!; row < to; row++) {
        end += offsets[row + 1]! - offsets[row]!;
        gathered[++count] = end;
      }
    }
    if (end > 0x7fff_ffff) throw tooMuch();
  }
  return gathered;
}

function gatherValidity(
  pieces: readonly Piece[],
  length: number,
): { nullCount: number; nullBitmap?: Uint8Array } {
  if (pieces.every(({ data }) => data.nullCount === 0)) return { nullCount: 0 };
  return { nullCount: -1, nullBitmap: gatherBits(pieces, length, 'nullBitmap') };
}

/**
 * Bits stay unsliced in a sliced column: row r stands at bit `offset + r`. No bitmap of nulls means all are
 * valid.
 */
function gatherBits(pieces: readonly Piece[], length: number, buffer: 'values' | 'nullBitmap'): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(length));
  let count = 0;
  for (const { data, runs } of pieces) {
    const source = buffer === 'nullBitmap' && data.nullCount === 0 ? null : (data[buffer] as Uint8Array);
    for (let at = 0; at < runs.length; at += 2) {
      const to = runs[at + 1]! + data.offset;
      for (let bit = runs[at]! + data.offset; bit < to; bit++, count++) {
        if (!source || (source[bit >> 3]! >> (bit & 7)) & 1) bits[count >> 3]! |= 1 << (count & 7);
      }
    }
  }
  return bits;
}

function tooMuch(): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    'more than 2 GiB of text, or of list elements, in one column of a batch, expected less. ' +
      'Use smaller batches.',
  );
}
