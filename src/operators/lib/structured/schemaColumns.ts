import { RowError } from '../../../errors.js';
import type { ColumnType, ColumnValue } from '../../../arrow/columnType.js';
import { isColumnType, type TypeTree, typeTree } from '../../../arrow/typeTree.js';

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

/** A field of a schema as a column. */
export interface SchemaField {
  name: string;
  type: ColumnType;
  /** It may be null, or left out. */
  nullable: boolean;
  /** `description` of the schema. */
  description: string | undefined;
}

/** Why a part of a schema is none, or can be no column; `at`: the keys that lead to it. */
export interface SchemaFault {
  at: readonly string[];
  message: string;
}

/** A fault as it is thrown while a schema is read. */
class Unfit extends Error {
  constructor(
    readonly at: readonly string[],
    message: string,
  ) {
    super(message);
  }
}

const DEPTH_MAX = 12;

/** The columns of a schema, one a property of its object; or its first fault. */
export function schemaColumns(schema: JsonSchema): SchemaField[] | SchemaFault {
  try {
    return fieldsOf(schema, schema, [], 0);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { at: error.at, message: error.message };
  }
}

/** A value that a schema allows, as a cell of its column. Throws a RowError, ROW_JSON, for a whole number beyond 2^53. */
export function cellOfJson(type: ColumnType, value: unknown): ColumnValue {
  return cell(typeTree(type), value ?? null);
}

function cell(tree: TypeTree, value: unknown): ColumnValue {
  if (value === null || value === undefined) return null;
  if (tree.kind === 'list') return (value as unknown[]).map((each) => cell(tree.element, each));
  if (tree.kind === 'struct') {
    const given = value as Record<string, unknown>;
    return Object.fromEntries(
      tree.fields.map(({ name, type }) => [
        name,
        cell(type, Object.hasOwn(given, name) ? given[name] : null),
      ]),
    );
  }
  if (tree.kind !== 'int64') return value as ColumnValue;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw new RowError('ROW_JSON', `found ${String(value)}, expected a whole number up to 2^53`);
}

function fieldsOf(schema: JsonSchema, root: JsonSchema, at: readonly string[], depth: number): SchemaField[] {
  const { properties, required } = schema;
  if (schema['type'] !== 'object' || !isObject(properties) || Object.keys(properties).length === 0) {
    throw new Unfit(at, 'expected `type: object` with `properties`, each of which becomes a column');
  }
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, property]) => {
    const path = [...at, 'properties', name];
    if (!/^[^\s<>,:]([^<>,:]*[^\s<>,:])?$/.test(name)) {
      throw new Unfit(
        path,
        'no column can be called so: expected a name without < > , : and without spaces around it',
      );
    }
    const { type, nullable } = typeOf(property, root, path, depth);
    const { description } = property as JsonSchema;
    return {
      ...{ name, type, nullable: nullable || !needed.includes(name) },
      description: typeof description === 'string' ? description : undefined,
    };
  });
}

interface Typed {
  type: ColumnType;
  nullable: boolean;
}

function typeOf(part: unknown, root: JsonSchema, at: readonly string[], depth: number): Typed {
  if (!isObject(part))
    throw new Unfit(at, 'no column can hold any value at all; expected a schema with a `type`');
  if (depth > DEPTH_MAX)
    throw new Unfit(at, `no column can hold what is nested deeper than ${DEPTH_MAX}, or holds itself`);
  if (typeof part['$ref'] === 'string')
    return typeOf(resolveRef(part['$ref'], root, at), root, at, depth + 1);
  const alternatives = part['anyOf'] ?? part['oneOf'];
  if (Array.isArray(alternatives)) {
    const others = alternatives.filter((each) => !isObject(each) || each['type'] !== 'null');
    if (others.length !== 1)
      throw new Unfit(at, 'no column can hold values of several types; expected one type, or it and null');
    const { type, nullable } = typeOf(others[0], root, at, depth + 1);
    return { type, nullable: nullable || others.length < alternatives.length };
  }
  const names = [part['type'] ?? typesOfValues(part)].flat();
  const kinds = [...new Set(names)].filter((name) => name !== 'null');
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? 'without a type' : `of the types ${kinds.join(' and ')}`;
    throw new Unfit(at, `no column can hold values ${found}; expected one \`type\`, or it and null`);
  }
  return { type: typeNamed(kinds[0], part, root, at, depth), nullable: names.includes('null') };
}

function typeNamed(
  kind: unknown,
  part: JsonSchema,
  root: JsonSchema,
  at: readonly string[],
  depth: number,
): ColumnType {
  if (kind === 'string') return 'string';
  if (kind === 'integer') return 'int64';
  if (kind === 'number') return 'float64';
  if (kind === 'boolean') return 'bool';
  if (kind === 'array') {
    const { type, nullable } = typeOf(part['items'], root, [...at, 'items'], depth + 1);
    if (type !== 'string' || !nullable) return checked(`list<${type}>`, at);
    throw new Unfit([...at, 'items'], 'no column can hold a list of texts of which some are null');
  }
  if (kind !== 'object') throw new Unfit(at, `${JSON.stringify(kind)} is no type of JSON Schema`);
  const fields = fieldsOf(part, root, at, depth + 1).map(({ name, type }) => `${name}: ${type}`);
  return checked(`struct<${fields.join(', ')}>`, at);
}

function checked(type: string, at: readonly string[]): ColumnType {
  if (isColumnType(type)) return type;
  throw new Unfit(at, `no column can hold ${type.slice(0, 100)}`);
}

/** The types of the values that `enum` or `const` lists. */
function typesOfValues({ enum: listed, const: only }: JsonSchema): string[] {
  const values = Array.isArray(listed) ? listed : only === undefined ? [] : [only];
  const types = [...new Set(values.map(jsonType))];
  // Whole numbers among others are numbers.
  return types.includes('number') ? types.filter((type) => type !== 'integer') : types;
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/** A part of the same schema: `#/$defs/topic`. */
function resolveRef(ref: string, root: JsonSchema, at: readonly string[]): unknown {
  const keys = ref.startsWith('#/') ? ref.slice(2).split('/') : null;
  let part: unknown = root;
  for (const key of keys ?? ['']) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    part = isObject(part) && Object.hasOwn(part, name) ? part[name] : undefined;
  }
  if (part !== undefined) return part;
  throw new Unfit(at, `${ref} is not in this schema; expected a part of it, as #/$defs/topic`);
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
