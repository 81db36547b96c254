import type { ColumnValue } from '../../arrow/columnType.js';
import { isWellFormed } from '../../text/wellFormed.js';
import { ValueFault, type ValueType, convert } from './convert.js';
import { parseExactJson } from './exactJson.js';

/** A column of a file: where its values stand, and what they are to become. */
export interface FileColumn {
  name: string;
  type: ValueType;
  nullable: boolean;
}

/** The values of one row, or what is wrong with it. */
export type ReadRow = { values: ColumnValue[] } | { fault: string; column?: string };

const NUL = 'found NUL bytes. If the file is UTF-16, say so: `encoding: utf-16le`';

/** The columns of one JSON object. A missing key is null. Takes time in proportion to the text. */
export function readJsonRow(text: string, columns: readonly FileColumn[]): ReadRow {
  const record = recordIn(text);
  if (!record) return { fault: notAnObject(text) };
  let exact: Record<string, unknown> | null = null;
  const values: ColumnValue[] = [];
  for (const column of columns) {
    const plain = plainValue(column.type, ownValue(record, column.name), column.nullable);
    if (plain !== undefined) {
      values.push(plain);
      continue;
    }
    // A JavaScript number does not tell the digits of the file.
    exact ??= parseExactJson(text) as Record<string, unknown>;
    try {
      values.push(convert(column.type, ownValue(exact, column.name), column.nullable));
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error;
      return { fault: error.message, column: column.name };
    }
  }
  return { values };
}

/** The JSON object that a text is; null for any other text. NaN and Infinity, which Python writes, are read as null. */
export function recordIn(text: string): Record<string, unknown> | null {
  const value = parseLeniently(text);
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord && text.trimStart().startsWith('{') ? (value as Record<string, unknown>) : null;
}

function parseLeniently(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (!/NaN|Infinity/.test(text)) return undefined;
  }
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

/**
 * The value of a column where it is told without the digits of the file, as nearly all are; undefined where it is not, or where
 * the value is wrong.
 */
function plainValue(type: ValueType, value: unknown, nullable: boolean): ColumnValue | undefined {
  if (value === null) return nullable ? null : undefined;
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' && isWellFormed(value) ? value : undefined;
    case 'int32':
      return typeof value === 'number' && (value | 0) === value ? value : undefined;
    case 'float64':
      return isPlainDouble(value) ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'list':
      return Array.isArray(value) ? plainList(type, value) : undefined;
    case 'struct':
      return typeof value === 'object' && !Array.isArray(value) ? plainStruct(type, value) : undefined;
    default:
      return undefined;
  }
}

function isPlainDouble(value: unknown): value is number {
  return typeof value === 'number' && (Number.isSafeInteger(value) || value % 1 !== 0) && isFinite(value);
}

function plainList(
  { element, elementNullable }: ValueType & { kind: 'list' },
  items: readonly unknown[],
): ColumnValue | undefined {
  const values: ColumnValue[] = [];
  for (const item of items) {
    const value = plainValue(element, item, elementNullable);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function plainStruct({ fields }: ValueType & { kind: 'struct' }, record: object): ColumnValue | undefined {
  const entries: [string, ColumnValue][] = [];
  for (const { name, type, nullable } of fields) {
    const value = plainValue(type, ownValue(record as Record<string, unknown>, name), nullable);
    if (value === undefined) return undefined;
    entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}

function ownValue(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : null;
}

function notAnObject(text: string): string {
  const start = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  const found = `found ${JSON.stringify(start)}, expected one JSON object a line`;
  if (text.includes('\0')) return `${found}; ${NUL}`;
  const isBegun = /^\s*\{/.test(start) && !/\}\s*$/.test(text.slice(-100));
  return isBegun
    ? `${found}; objects over several lines are read in a JSON array ([{ … }, { … }]). ` +
        'Write one object a line, or an array around them'
    : found;
}
