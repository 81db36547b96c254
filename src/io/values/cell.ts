import type { ColumnValue } from '../../arrow/columnType.js';
import { ValueFault, type ValueType, convert } from './convert.js';
import { exactNumber, parseExactJson } from './exactJson.js';

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Its nearest double says all that it says. */
const PLAIN_DOUBLE = /^[+-]?\d{1,15}(?:\.\d{0,30})?$/;
const NO_NUMBER = /^[+-]?(?:nan|inf|infinity)$/i;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/**
 * The value of a column from a cell of a table in text; null stands for an empty cell. Lists and structs are JSON. Throws
 * ValueFault.
 */
export function convertCell(type: ValueType, cell: string | null, nullable: boolean): ColumnValue {
  if (cell === null || type.kind === 'string') return convert(type, cell, nullable);
  const text = cell.trim();
  if (text === '') return convert(type, null, nullable);
  if (type.kind === 'timestamp') return convert(type, text, nullable);
  if (type.kind === 'list' || type.kind === 'struct') return convert(type, jsonIn(text), nullable);
  if (type.kind === 'bool') return convert(type, BOOLEANS.get(text.toLowerCase()) ?? text, nullable);
  if (type.kind === 'float64' && PLAIN_DOUBLE.test(text)) return Number(text);
  if (NO_NUMBER.test(text)) return convert(type, NaN, nullable);
  return convert(type, NUMBER.test(text) ? exactNumber(text) : text, nullable);
}

function jsonIn(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    const found = JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
    throw new ValueFault(`found ${found}, expected JSON in the cell, as ["a", "b"] or {"a": 1}`);
  }
}
