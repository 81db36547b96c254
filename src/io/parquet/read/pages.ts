import { Damage } from '../../files/damage.js';
import { crc32 } from './crc32.js';
import { type ThriftStruct, readThrift } from './thrift.js';

/** A column chunk, as the footer describes it. */
export interface ChunkFacts {
  /** Values in all its pages, nulls among them. */
  values: number;
  repetitionLevelMax: number;
  definitionLevelMax: number;
  /** The fewest bytes that a value takes when it is written plainly. */
  plainBytesMin: number;
  isBoolean: boolean;
  uncompressedBytes: number;
  decompress(page: Uint8Array, lengthBytes: number): Uint8Array;
}

const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const DATA_PAGE_V2 = 3;
const PLAIN = 0;
const DICTIONARIES: readonly unknown[] = [2, 8];
const RLE = 3;
/** Some writers count the bytes of a chunk in other ways; no page of a small chunk is refused for it. */
const PAGE_BYTES_MAX = 16 << 20;
const PACKED_MORE = 512;

/**
 * Checks the pages of a column chunk before they are decoded: counts and lengths that contradict each other would make the
 * decoder fill the memory with values that are not there, and checksums where the writer left them. Throws an Error.
 */
export function checkPages(chunk: Uint8Array, facts: ChunkFacts): void {
  let values = 0;
  for (let at = 0; at < chunk.length && values < facts.values;) {
    const { fields, end } = readThrift(chunk, at);
    const compressedBytes = size(fields, 3);
    if (end + compressedBytes > chunk.length) throw new Damage('a page is longer than its column chunk');
    const page = chunk.subarray(end, end + compressedBytes);
    const crc = fields.get(4);
    if (typeof crc === 'number' && crc >>> 0 !== crc32(page))
      throw new Damage('the checksum of a page is wrong');
    if (size(fields, 2) > Math.max(facts.uncompressedBytes, PAGE_BYTES_MAX))
      throw new Damage('a page is longer than its column chunk');
    values += checkPage(page, fields, facts);
    at = end + compressedBytes;
  }
  if (values !== facts.values)
    throw new Damage(`the pages of a column hold ${values} values, the footer says ${facts.values}`);
}

/** The values in a page. */
function checkPage(page: Uint8Array, header: ThriftStruct, facts: ChunkFacts): number {
  const type = header.get(1);
  if (type === DATA_PAGE) return checkDataPage(page, header, part(header, 5), facts);
  if (type === DATA_PAGE_V2) return checkDataPageV2(page, header, part(header, 8), facts);
  if (type === DICTIONARY_PAGE) {
    const count = size(part(header, 7), 1);
    if (count * facts.plainBytesMin > size(header, 2))
      throw new Damage('a dictionary is shorter than it says');
  }
  return 0;
}

function checkDataPage(
  page: Uint8Array,
  header: ThriftStruct,
  data: ThriftStruct,
  facts: ChunkFacts,
): number {
  const count = countIn(data, facts);
  const bytes = facts.decompress(page, size(header, 2));
  let at = 0;
  for (const levelMax of [facts.repetitionLevelMax, facts.definitionLevelMax]) {
    if (levelMax === 0) continue;
    const length = uint32(bytes, at);
    checkRuns(bytes, at + 4, at + 4 + length, bitWidth(levelMax), count);
    at += 4 + length;
  }
  checkValues(bytes, at, data.get(2), count, facts);
  return count;
}

function checkDataPageV2(
  page: Uint8Array,
  header: ThriftStruct,
  data: ThriftStruct,
  facts: ChunkFacts,
): number {
  const count = countIn(data, facts);
  const nulls = size(data, 2);
  if (nulls > count) throw new Damage('a page holds more nulls than values');
  const repetitionBytes = size(data, 6);
  const levelBytes = repetitionBytes + size(data, 5);
  if (levelBytes > page.length) throw new Damage('a page is cut off');
  if (facts.repetitionLevelMax > 0)
    checkRuns(page, 0, repetitionBytes, bitWidth(facts.repetitionLevelMax), count);
  if (facts.definitionLevelMax > 0)
    checkRuns(page, repetitionBytes, levelBytes, bitWidth(facts.definitionLevelMax), count);
  const stored = page.subarray(levelBytes);
  const isCompressed = data.get(7) !== false;
  const bytes = isCompressed ? facts.decompress(stored, size(header, 2) - levelBytes) : stored;
  checkValues(bytes, 0, data.get(4), count - nulls, facts);
  return count;
}

function checkValues(
  bytes: Uint8Array,
  start: number,
  encoding: unknown,
  count: number,
  { definitionLevelMax, plainBytesMin, isBoolean }: ChunkFacts,
): void {
  if (DICTIONARIES.includes(encoding) && start < bytes.length) {
    const width = bytes[start]!;
    if (width > 32) throw new Damage('the places in a dictionary take more than 32 bits');
    checkRuns(bytes, start + 1, bytes.length, width, count, false);
  }
  if (encoding === RLE && isBoolean) {
    const length = uint32(bytes, start);
    checkRuns(bytes, start + 4, start + 4 + length, 1, count, false);
  }
  // Where no value may be null, each takes its place.
  if (encoding === PLAIN && definitionLevelMax === 0 && count * plainBytesMin > bytes.length - start)
    throw new Damage('a page is shorter than its values');
}

/** The hybrid of runs and packed bits: no run may be longer than the page has values. */
function checkRuns(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  count: number,
  mustFill = true,
): void {
  if (end > bytes.length) throw new Damage('a page is cut off');
  let seen = 0;
  for (let at = start; at < end && seen < count;) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new Damage('a run of values is cut off');
      const byte = bytes[at++]!;
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const length = Math.floor(header / 2);
    const isPacked = header % 2 === 1;
    const values = isPacked ? length * 8 : length;
    // Packed values come by eights, and some writers keep room for more of them.
    if (length === 0 || values > (isPacked ? count + PACKED_MORE : count))
      throw new Damage('a run holds more values than its page');
    seen += values;
    at += isPacked ? length * width : (width + 7) >> 3;
  }
  if (mustFill && seen < count) throw new Damage('a page holds fewer levels than values');
}

function countIn(data: ThriftStruct, { values }: ChunkFacts): number {
  const count = size(data, 1);
  if (count > values) throw new Damage('a page holds more values than its column chunk');
  return count;
}

function part(header: ThriftStruct, field: number): ThriftStruct {
  const found = header.get(field);
  if (found instanceof Map) return found;
  throw new Damage('a page header says nothing about its values');
}

/** A count or a length. */
function size(fields: ThriftStruct, field: number): number {
  const found = fields.get(field);
  if (typeof found === 'number' && found >= 0) return found;
  throw new Damage('a page header lacks a length');
}

function uint32(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new Damage('a page is cut off');
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
}

function bitWidth(levelMax: number): number {
  return 32 - Math.clz32(levelMax);
}
