import type { ColumnChunk, Encoding, OffsetIndex } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { type Dictionary, dictionaryOf } from './dictionary.js';
import type { ShardLeaf } from './leaves.js';
import { type Page, pagesOf } from './pages.js';
import { type LeafSlots, slotStart } from './slots.js';
import { statisticsOf } from './statistics.js';

/** What the footer says of a leaf in a row group, and where its pages are if there are several. */
export interface WrittenChunk {
  chunk: ColumnChunk;
  offsetIndex?: OffsetIndex;
}

type Compress = (input: Uint8Array) => Uint8Array;

/**
 * Writes a leaf of a row group: a dictionary where it pays, then pages of about 1 MiB of values (data page V2). The bytes are those that
 * hyparquet-writer makes of the same values.
 */
export function writeColumnChunk(
  writer: ByteWriter,
  leaf: ShardLeaf,
  slots: LeafSlots,
  compress: Compress,
): WrittenChunk {
  const start = writer.offset;
  const dictionary = dictionaryOf(slots, leaf);
  let bytes = dictionary ? writeDictionary(writer, dictionary, compress) : 0;
  const dictionaryAt = dictionary && { dictionary_page_offset: BigInt(start) };
  const dataStart = writer.offset;
  const encoding = encodingOf(leaf, slots, dictionary);
  const pages = pagesOf(slots, leaf, dictionary !== null);
  const places = pages.map((page) => {
    const offset = writer.offset;
    bytes += writePage(writer, leaf, slots, dictionary, encoding, page, compress);
    const size = writer.offset - offset;
    return {
      offset: BigInt(offset),
      compressed_page_size: size,
      first_row_index: BigInt(page.firstRow),
    };
  });
  const encoding_stats = [
    ...(dictionary ? [{ page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 } as const] : []),
    { page_type: 'DATA_PAGE_V2', encoding, count: pages.length } as const,
  ];
  const meta_data = {
    type: leaf.type,
    encodings: dictionary ? (['PLAIN', encoding] as Encoding[]) : [encoding],
    path_in_schema: leaf.path,
    codec: 'ZSTD',
    num_values: BigInt(slots.count),
    total_compressed_size: BigInt(writer.offset - start),
    total_uncompressed_size: BigInt(bytes),
    data_page_offset: BigInt(dataStart),
    ...dictionaryAt,
    statistics: statisticsOf(slots, leaf),
    encoding_stats,
  } as const;
  const chunk = { meta_data, file_offset: BigInt(start) };
  return places.length > 1 ? { chunk, offsetIndex: { page_locations: places } } : { chunk };
}

/** A run of booleans takes less than a bit each; with few of them its header takes more. */
const BOOLEANS_PLAIN_MAX = 16;

function encodingOf({ type }: ShardLeaf, { count }: LeafSlots, dictionary: Dictionary | null): Encoding {
  if (dictionary) return 'RLE_DICTIONARY';
  return type === 'BOOLEAN' && count > BOOLEANS_PLAIN_MAX ? 'RLE' : 'PLAIN';
}

/** Gives the bytes before compression, with the header. */
function writeDictionary(writer: ByteWriter, { plain, values }: Dictionary, compress: Compress): number {
  const compressed = compress(plain);
  const start = writer.offset;
  writePageHeader(writer, {
    type: 'DICTIONARY_PAGE',
    uncompressed_page_size: plain.length,
    compressed_page_size: compressed.length,
    dictionary_page_header: { num_values: values, encoding: 'PLAIN' },
  });
  const headerBytes = writer.offset - start;
  writer.appendBytes(compressed);
  return headerBytes + plain.length;
}

/** Gives the bytes before compression, with the header. */
function writePage(
  writer: ByteWriter,
  leaf: ShardLeaf,
  slots: LeafSlots,
  dictionary: Dictionary | null,
  encoding: Encoding,
  page: Page,
  compress: Compress,
): number {
  const levels = new ByteWriter();
  const repetitionBytes = writeLevels(levels, slots.repetitions, leaf.repetitionMax, page);
  const definitionBytes = writeLevels(levels, slots.definitions, leaf.definitionMax, page);
  const values = dictionary ? numberBytes(dictionary, page) : valueBytes(leaf, slots, encoding, page);
  const compressed = compress(values);
  const start = writer.offset;
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels.offset + values.length,
    compressed_page_size: levels.offset + compressed.length,
    data_page_header_v2: {
      num_values: page.end - page.start,
      num_nulls: page.nulls,
      num_rows: page.rows,
      encoding,
      definition_levels_byte_length: definitionBytes,
      repetition_levels_byte_length: repetitionBytes,
      is_compressed: true,
    },
  });
  const headerBytes = writer.offset - start;
  writer.appendBytes(levels.getBytes());
  writer.appendBytes(compressed);
  return headerBytes + levels.offset + values.length;
}

function writeLevels(into: ByteWriter, levels: Uint8Array, max: number, { start, end }: Page): number {
  return max === 0 ? 0 : writeRleBitPackedHybrid(into, levels.subarray(start, end), bitsFor(max));
}

function bitsFor(max: number): number {
  return Math.ceil(Math.log2(max + 1));
}

function numberBytes({ numbers }: Dictionary, { start, end, nulls }: Page): Uint8Array {
  const all = numbers.subarray(start, end);
  const there = nulls > 0 ? all.filter((number) => number >= 0) : all;
  const bits = bitsFor(there.reduce((max, number) => Math.max(max, number), 0));
  const page = new ByteWriter();
  page.appendUint8(bits);
  writeRleBitPackedHybrid(page, there, bits);
  return page.getBytes();
}

/** A part of `plain`; of booleans, which have a byte each there, what the encoding makes of them. */
function valueBytes(leaf: ShardLeaf, slots: LeafSlots, encoding: Encoding, { start, end }: Page): Uint8Array {
  const values = slots.plain.subarray(slotStart(slots, start), end === 0 ? 0 : slots.ends[end - 1]);
  if (leaf.type !== 'BOOLEAN') return values;
  return encoding === 'RLE' ? runsOf(values) : bitsOf(values);
}

function runsOf(values: Uint8Array): Uint8Array {
  const runs = new ByteWriter();
  writeRleBitPackedHybrid(runs, values, 1);
  const page = new ByteWriter();
  page.appendUint32(runs.offset);
  page.appendBytes(runs.getBytes());
  return page.getBytes();
}

function bitsOf(values: Uint8Array): Uint8Array {
  const bytes = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, at) => (bytes[at >> 3]! |= value << (at & 7)));
  return bytes;
}
