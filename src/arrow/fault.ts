import { ScaleQuestError } from '../errors.js';
import type { Column, ColumnType } from './columnType.js';

/** What error messages say of a column. */
export type NamedColumn = Pick<Column, 'name' | 'type'>;

export function wrongValue({ name, type }: NamedColumn, row: number, value: unknown): ScaleQuestError {
  const advice =
    value === null || value === undefined
      ? 'Declare the column nullable, or give every row a value.'
      : 'A number that is not known is written as null, in a nullable column.';
  return new ScaleQuestError(
    'ERR_INVARIANT',
    `column "${name}", row ${row}: found ${printValue(value)}, expected ${EXPECTED[type]}. ${advice}`,
    { data: { column: name, row } },
  );
}

const EXPECTED: Record<ColumnType, string> = {
  string: 'a string',
  int32: 'an integer from -2147483648 to 2147483647',
  float64: 'a finite number',
  bool: 'true or false',
  'list<string>': 'an array of strings',
  'list<float64>': 'an array of finite numbers or nulls',
  'list<bool>': 'an array of true, false or null',
};

/**
 * What is wrong with a value of a column, or null if nothing is: "found …, expected …". For readers, which
 * know the file and the line.
 */
export function findFault({ type, nullable = false }: Column, value: unknown): string | null {
  if (value === null ? nullable : FITS[type](value)) return null;
  return `found ${printValue(value)}, expected ${EXPECTED[type]}${nullable ? ' or null' : ''}`;
}

const FITS: Record<ColumnType, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  int32: (value) => typeof value === 'number' && (value | 0) === value,
  float64: (value) => Number.isFinite(value),
  bool: (value) => typeof value === 'boolean',
  'list<string>': (value) => Array.isArray(value) && value.every((element) => typeof element === 'string'),
  'list<float64>': (value) =>
    Array.isArray(value) && value.every((element) => element === null || Number.isFinite(element)),
  'list<bool>': (value) =>
    Array.isArray(value) && value.every((element) => element === null || typeof element === 'boolean'),
};

function printValue(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (typeof value === 'bigint') return `${value}n`;
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
