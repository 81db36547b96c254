import type { SchemaElement } from 'hyparquet';
import { Damage } from '../../files/damage.js';
import { exactNumber } from '../../values/exactJson.js';
import { type TimeUnit, dateText, timeText, timestampText } from './times.js';

/** How the values of a leaf of the schema are read, as the file stores them, into values that a column can take. */
export interface Leaf {
  /** What messages call the type: `DECIMAL(10, 2)`, `TIMESTAMP` … */
  typeName: string;
  /** Whether the decoder makes texts of its bytes. */
  isText: boolean;
  /** Whether its texts are JSON. */
  isJson?: boolean;
  /** A value that is not null; null for one that has no form as text or number. Absent for types that are not read. */
  read?: (stored: never) => unknown;
}

/** What a decoder leaves where bytes are no text. */
export class BadText {}

const plain = (stored: unknown): unknown => stored;

export function leafOf(element: SchemaElement): Leaf {
  const { type, logical_type: logical } = element;
  const kind = kindOf(element);
  assertStored(kind, element);
  if (kind === 'DECIMAL') return decimal(element);
  if (kind === 'FLOAT16') return leaf(kind, float16);
  if (kind === 'UUID') return leaf(kind, uuid);
  if (kind === 'DATE') return leaf(kind, dateText);
  if (kind === 'TIME')
    return leaf(kind, (count: number | bigint) => timeText(BigInt(count), unitOf(element)));
  if (kind === 'TIMESTAMP') return timestamp(element);
  if (kind === 'INT96') return leaf('INT96', (nanos: bigint) => timestampText(nanos, 'NANOS', false));
  if (kind === 'UINT') return unsigned(element);
  if (kind === 'JSON') return { typeName: kind, isText: true, isJson: true, read: plain };
  if (NOT_READ.includes(kind)) return { typeName: kind, isText: false };
  if (type === 'BYTE_ARRAY') return { typeName: 'STRING', isText: true, read: plain };
  if (type === 'FIXED_LEN_BYTE_ARRAY')
    return { typeName: `${logical?.type ?? type}(${element.type_length})`, isText: false };
  return leaf(type!, plain);
}

const NOT_READ = ['BSON', 'INTERVAL', 'VARIANT', 'GEOMETRY', 'GEOGRAPHY'];

/** How values of a type may be stored, with their length where it is fixed. */
const STORED: ReadonlyMap<string, readonly string[]> = new Map([
  ['DECIMAL', ['INT32', 'INT64', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY']],
  ['FLOAT16', ['FIXED_LEN_BYTE_ARRAY 2']],
  ['UUID', ['FIXED_LEN_BYTE_ARRAY 16']],
  ['DATE', ['INT32']],
  ['TIME', ['INT32', 'INT64']],
  ['TIMESTAMP', ['INT64']],
  ['UINT', ['INT32', 'INT64']],
  ['JSON', ['BYTE_ARRAY']],
]);

function assertStored(kind: string, { type, type_length }: SchemaElement): void {
  const allowed = STORED.get(kind);
  if (!allowed || allowed.some((stored) => stored === type || stored === `${type} ${type_length}`)) return;
  throw new Damage(`a column is ${kind}, but stored as ${type}`);
}

function leaf(typeName: string, read: (stored: never) => unknown): Leaf {
  return { typeName, isText: false, read };
}

/** The older and the newer annotation in one word. */
function kindOf({
  type,
  converted_type: converted = '' as never,
  logical_type: logical,
}: SchemaElement): string {
  const name = converted as string;
  if (name.startsWith('TIMESTAMP')) return 'TIMESTAMP';
  if (name.startsWith('TIME_')) return 'TIME';
  if (name.startsWith('UINT_')) return 'UINT';
  if (logical?.type === 'INTEGER') return logical.isSigned ? 'INT' : 'UINT';
  return logical?.type ?? (name === '' ? type! : name);
}

function unitOf({ converted_type: converted, logical_type: logical }: SchemaElement): TimeUnit {
  if (logical?.type === 'TIME' || logical?.type === 'TIMESTAMP') return logical.unit;
  return converted?.endsWith('MILLIS') ? 'MILLIS' : 'MICROS';
}

function timestamp(element: SchemaElement): Leaf {
  const unit = unitOf(element);
  const { logical_type: logical } = element;
  const isUtc = logical?.type === 'TIMESTAMP' ? logical.isAdjustedToUTC : true;
  return leaf('TIMESTAMP', (count: bigint) => timestampText(BigInt(count), unit, isUtc));
}

function unsigned({ type }: SchemaElement): Leaf {
  if (type === 'INT64') return leaf('UINT64', (stored: bigint) => BigInt.asUintN(64, stored));
  return leaf('UINT32', (stored: number) => stored >>> 0);
}

/** A decimal as its digits: to multiply by a power of ten in doubles would make 0.7000000000000001 of 0.7. */
function decimal({ scale = 0, precision, logical_type: logical }: SchemaElement): Leaf {
  const places = logical?.type === 'DECIMAL' ? logical.scale : scale;
  const read = (stored: number | bigint | Uint8Array): unknown =>
    exactNumber(decimalDigits(stored instanceof Uint8Array ? bigEndian(stored) : BigInt(stored), places));
  return leaf(`DECIMAL(${precision ?? '?'}, ${places})`, read);
}

export function decimalDigits(unscaled: bigint, places: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = `${unscaled < 0n ? -unscaled : unscaled}`;
  if (places <= 0) return sign + digits + '0'.repeat(Math.min(-places, 400));
  const padded = digits.padStart(places + 1, '0');
  return `${sign}${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

/** Two's complement. */
function bigEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

function uuid(stored: Uint8Array): string {
  const hex = Buffer.from(stored).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function float16(stored: Uint8Array): number {
  const bits = stored[0]! | (stored[1]! << 8);
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}
