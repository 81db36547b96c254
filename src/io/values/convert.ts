import type { ColumnValue } from '../../arrow/columnType.js';
import { expectedOf, printValue } from '../../arrow/fault.js';
import { type FieldTree, type TypeTree, printType } from '../../arrow/typeTree.js';
import { isWellFormed } from '../../text/wellFormed.js';
import { type ExactNumber, isExactNumber } from './exactJson.js';

/** The type of a column of a file: the type of a column, or a time, which steps see as text. */
export type ValueType = TypeTree | { kind: 'timestamp' };

/** Why a value of a file is none of the column's type: "found …, expected …", and what to do. */
export class ValueFault extends Error {}

/**
 * The value of a column, from a value of a file, without changing what it says: numbers become text by their digits and the
 * nearest double where they have a fraction; a number that is none (NaN, Infinity) is null. `value` is plain JSON, an
 * ExactNumber or a BigInt. Throws ValueFault.
 */
export function convert(type: ValueType, value: unknown, nullable: boolean): ColumnValue {
  if (value === null || value === undefined || isNoNumber(value)) {
    if (nullable) return null;
    throw fault(type, value ?? null);
  }
  switch (type.kind) {
    case 'string':
      return asText(type, value);
    case 'timestamp':
      return asTimestamp(type, value);
    case 'int32':
    case 'int64':
      return asInteger(type, type.kind, value);
    case 'float64':
      return asDouble(type, value);
    case 'bool':
      if (typeof value === 'boolean') return value;
      throw fault(type, value);
    case 'list':
      if (!Array.isArray(value)) throw fault(type, value);
      return value.map((element) => convert(type.element, element, type.elementNullable));
    case 'struct':
      return asRecord(type, value);
  }
}

function isNoNumber(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value);
}

const LONE =
  'found half a surrogate pair (such as \\ud83d alone), expected whole characters: UTF-8 has no form for it. ' +
  'Write the text anew, or leave the row out';

function asText(type: ValueType, value: unknown): string {
  if (typeof value === 'string') {
    if (isWellFormed(value)) return value;
    throw new ValueFault(LONE);
  }
  if (isExactNumber(value)) return value.digits;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  throw fault(type, value, Array.isArray(value) ? LIST_ADVICE : STRUCT_ADVICE);
}

const LIST_ADVICE = ' Declare the column as a list (`list<string>`, `messages`), or leave it out';
const STRUCT_ADVICE = ' Declare the column as a struct (`struct<name: string>`), or leave it out';

const TIMESTAMP =
  /^[+-]?\d{4,6}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?)?$/;

function asTimestamp(type: ValueType, value: unknown): string {
  if (typeof value === 'string' && TIMESTAMP.test(value)) return value;
  throw fault(type, value, ' Declare the column string, or a number type, to read it as it is');
}

const INT32 = 2n ** 31n;
const INT64 = 2n ** 63n;
const LONG_INTEGER = /^[+-]?\d+$/;
/** Of a longer one no double and no 64 bits hold the value; to parse it would take quadratic time. */
const DIGITS_MAX = 400;

function asInteger(type: ValueType, kind: 'int32' | 'int64', value: unknown): number | bigint {
  const integer = integerOf(value);
  const bound = kind === 'int32' ? INT32 : INT64;
  if (integer === null || integer < -bound || integer >= bound)
    throw fault(type, value, typeof value === 'string' ? TEXT_ADVICE : '');
  return kind === 'int32' ? Number(integer) : integer;
}

function integerOf(value: unknown): bigint | null {
  if (typeof value === 'bigint') return value;
  if (isExactNumber(value)) {
    if (LONG_INTEGER.test(value.digits))
      return value.digits.length > DIGITS_MAX ? null : BigInt(value.digits.replace('+', ''));
    return integerOf(Number(value.digits));
  }
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null;
}

function asDouble(type: ValueType, value: unknown): number {
  if (typeof value === 'bigint') return safeDouble(value, `${value}`);
  if (isExactNumber(value)) {
    const { digits } = value;
    if (digits.length <= DIGITS_MAX && LONG_INTEGER.test(digits))
      return safeDouble(BigInt(digits.replace('+', '')), digits, Number(digits));
    const nearest = Number(digits);
    if (Number.isFinite(nearest)) return nearest;
  }
  if (typeof value === 'number') return value;
  throw fault(type, value, typeof value === 'string' ? TEXT_ADVICE : '');
}

const TEXT_ADVICE = ' Declare the column string to read it as text, or write numbers';

/** An integer beyond 2^53 names something more often than it counts: the nearest double would be another name. */
function safeDouble(integer: bigint, digits: string, value = Number(integer)): number {
  if (Number.isSafeInteger(value)) return value;
  throw new ValueFault(
    `found ${digits}, expected a number that a double holds exactly (up to 2^53 for integers). ` +
      'Declare the column int64 or string to keep all its digits',
  );
}

function asRecord(type: ValueType & { kind: 'struct' }, value: unknown): ColumnValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isExactNumber(value))
    throw fault(type, value);
  return Object.fromEntries(
    type.fields.map((field) => {
      const found = Object.hasOwn(value, field.name) ? (value as Record<string, unknown>)[field.name] : null;
      return [field.name, fieldValue(field, found)];
    }),
  );
}

function fieldValue({ name, type, nullable }: FieldTree, found: unknown): ColumnValue {
  try {
    return convert(type, found, nullable);
  } catch (error) {
    if (error instanceof ValueFault) throw new ValueFault(`field "${name}": ${error.message}`);
    throw error;
  }
}

function fault(type: ValueType, value: unknown, advice = ''): ValueFault {
  const expected = type.kind === 'timestamp' ? 'a time as text (ISO 8601)' : expectedOf(printType(type));
  return new ValueFault(`found ${printFound(value)}, expected ${expected}${advice && `.${advice}`}`);
}

function printFound(value: unknown): string {
  if (isExactNumber(value)) return cut((value as ExactNumber).digits);
  if (typeof value === 'bigint') return `${value}`;
  return printValue(plain(value, 0));
}

/** Numbers of a file as they are written, for messages. */
function plain(value: unknown, depth: number): unknown {
  if (isExactNumber(value)) return Number(value.digits);
  if (depth > 3) return '…';
  if (Array.isArray(value)) return value.slice(0, 20).map((each) => plain(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).slice(0, 20);
  return Object.fromEntries(entries.map(([key, each]) => [key, plain(each, depth + 1)]));
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
