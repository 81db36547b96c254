import { ScaleQuestError } from '../errors.js';
import type { Column, ColumnType } from './columnType.js';
import { type FieldTree, type TypeTree, typeTree } from './typeTree.js';

/** What error messages say of a column. */
export type NamedColumn = Pick<Column, 'name' | 'type'>;

export function wrongValue({ name, type }: NamedColumn, row: number, value: unknown): ScaleQuestError {
  const advice =
    value === null || value === undefined
      ? 'Declare the column nullable, or give every row a value.'
      : 'A number that is not known is written as null, in a nullable column.';
  return new ScaleQuestError(
    'ERR_INVARIANT',
    `column "${name}", row ${row}: found ${printValue(value)}, expected ${expectedOf(type)}. ${advice}`,
    { data: { column: name, row } },
  );
}

/** How messages call a value of a type. */
export function expectedOf(type: ColumnType): string {
  return EXPECTED.get(type) ?? `a value of the type ${type}`;
}

const EXPECTED: ReadonlyMap<ColumnType, string> = new Map([
  ['string', 'a string'],
  ['int32', 'an integer from -2147483648 to 2147483647'],
  ['int64', 'an integer of 64 bits'],
  ['float64', 'a finite number'],
  ['bool', 'true or false'],
  ['list<string>', 'an array of strings'],
  ['list<float64>', 'an array of finite numbers or nulls'],
  ['list<bool>', 'an array of true, false or null'],
  ['messages', 'an array of messages, each with a role and a content'],
]);

/**
 * What is wrong with a value of a column, or null if nothing is: "found …, expected …". For readers, which
 * know the file and the line.
 */
export function findFault({ type, nullable = false }: Column, value: unknown): string | null {
  if (value === null ? nullable : fits(typeTree(type), value)) return null;
  return `found ${printValue(value)}, expected ${expectedOf(type)}${nullable ? ' or null' : ''}`;
}

/** Whether a value that is not null is one of that type. */
export function fits(tree: TypeTree, value: unknown): boolean {
  switch (tree.kind) {
    case 'string':
      return typeof value === 'string';
    case 'int32':
      return typeof value === 'number' && (value | 0) === value;
    case 'int64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
    case 'float64':
      return Number.isFinite(value);
    case 'bool':
      return typeof value === 'boolean';
    case 'list': {
      const { element, elementNullable } = tree;
      return (
        Array.isArray(value) && value.every((each) => (each === null ? elementNullable : fits(element, each)))
      );
    }
    case 'struct':
      return isStruct(tree.fields, value);
  }
}

function isStruct(fields: readonly FieldTree[], value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return fields.every(({ name, type, nullable }) => {
    const field = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null;
    return field === null ? nullable : fits(type, field);
  });
}

/** A value in a message, cut where it is long. */
export function printValue(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (typeof value === 'bigint') return `${value}n`;
  const text = jsonOf(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** Text from outside may be nested too deeply to be written again. */
function jsonOf(value: unknown): string | undefined {
  try {
    if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
    return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}` : inner));
  } catch {
    return Array.isArray(value) ? 'a deeply nested array' : 'a deeply nested object';
  }
}
