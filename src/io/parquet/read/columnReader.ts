import type { SchemaElement } from 'hyparquet';
import { ScaleQuestError } from '../../../errors.js';
import type { ColumnValue } from '../../../arrow/columnType.js';
import { printType } from '../../../arrow/typeTree.js';
import { ValueFault, type ValueType, convert } from '../../values/convert.js';
import { parseExactJson } from '../../values/exactJson.js';
import type { FileColumn } from '../../values/jsonRow.js';
import { BadText, leafOf } from './leaf.js';
import { type SchemaNode, elementOf, isList, isMap, printNode } from './schemaTree.js';

/** How one column is read: which parts of the file's schema it needs, and what its values become. */
export interface ColumnReader {
  column: FileColumn;
  node: SchemaNode;
  /** The needed part of the schema, from the column down, with unique names, as the decoder takes it. */
  schema: SchemaElement[];
  /** The needed leaves, in order, each with its path of unique names. */
  leaves: { node: SchemaNode; path: string[] }[];
  /** The value of a cell, as the decoder gives it. Throws ValueFault. */
  read(decoded: unknown): ColumnValue;
}

/** From what the decoder gives to plain JSON, ExactNumbers and BigInts. */
type ReadPart = (decoded: unknown) => unknown;

/** The bytes of a file are not what its footer says. */
export class DamagedValue extends Error {}

/** Throws ERR_DATA_INVALID for a column whose type in the file cannot become the wanted one. */
export function columnReader(file: string, node: SchemaNode, column: FileColumn): ColumnReader {
  const schema: SchemaElement[] = [];
  const leaves: ColumnReader['leaves'] = [];

  function refuse(why: string): never {
    const found = printNode(node, (element) => leafOf(element).typeName);
    throw new ScaleQuestError(
      'ERR_DATA_INVALID',
      `column "${column.name}" is ${found} in the file, declared as ${printWanted(column.type)}: ${why}.`,
      { at: { file }, data: { column: column.name } },
    );
  }

  function add({ id, element }: SchemaNode, more: Partial<SchemaElement>): void {
    const { type, type_length, repetition_type } = element;
    const plain = { type, type_length, repetition_type };
    schema.push({ name: id, ...definedOf(plain), ...more } as SchemaElement);
  }

  function planLeaf(part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
    const { typeName, isText, isJson, read } = leafOf(part.element);
    if (!read) refuse(`${typeName} is not read. Write it as text or as a number, or leave the column out`);
    if (!isJson && (wanted.kind === 'list' || wanted.kind === 'struct'))
      refuse(`declare it as what it is, such as ${typeName === 'STRING' ? 'string' : 'a number or string'}`);
    add(part, isText ? { converted_type: 'UTF8' } : {});
    leaves.push({ node: part, path });
    const isRequired = part.definitionLevelMax - Number(part.element.repetition_type !== 'REQUIRED') === 0;
    return (stored) => {
      if (stored === undefined && isRequired) throw new DamagedValue('a value is not in the dictionary');
      if (stored === null || stored === undefined) return null;
      if (stored instanceof BadText) throw new ValueFault(NOT_UTF8);
      const value = read(stored as never);
      if (value === null) throw new ValueFault(`found a ${typeName} outside of the years 0 to 9999`);
      return isJson && wanted.kind !== 'string' ? jsonIn(value as string) : value;
    };
  }

  function plan(part: SchemaNode, above: readonly string[], wanted: ValueType): ReadPart {
    const path = [...above, part.id];
    if (part.element.repetition_type === 'REPEATED') {
      if (wanted.kind !== 'list') refuse('it is a list. Declare it so (`list<string>`)');
      return each(planSingle(part, path, wanted.element));
    }
    return planSingle(part, path, wanted);
  }

  /** Of a part of which there is one. */
  function planSingle(part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
    if (part.leaf !== null) return planLeaf(part, path, wanted);
    if (part.element.logical_type?.type === 'VARIANT') refuse('VARIANT is not read. Write it as JSON text');
    if (isMap(part)) return planMap(part, path, wanted);
    if (isList(part)) return planList(part, path, wanted);
    return planStruct(part, path, wanted);
  }

  function planList(part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
    if (wanted.kind !== 'list') refuse('it is a list. Declare it so (`list<string>`, `messages`)');
    const [repeated] = part.children as [SchemaNode];
    const element = elementOf(part);
    const isNested = element !== repeated;
    // An older form: the repeated part itself is a struct, which the decoder takes for a part of a struct.
    const isOld = !isNested && element.leaf === null;
    add(part, { num_children: 1, ...(isOld ? {} : { converted_type: 'LIST' as const }) });
    if (isNested) add(repeated, { num_children: 1 });
    const inner = planSingle(
      element,
      isNested ? [...path, repeated.id, element.id] : [...path, element.id],
      wanted.element,
    );
    const read = each(inner);
    return isOld ? (decoded) => (decoded ? read((decoded as Record<string, unknown>)[repeated.id]) : null) : read;
  }

  /** A map is a list of entries; as a struct its keys are the names of the fields. */
  function planMap(part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
    const [entry] = part.children as [SchemaNode];
    const [key, value] = entry.children as [SchemaNode, SchemaNode];
    const inner = [...path, entry.id];
    add(part, { num_children: 1 });
    add(entry, { num_children: 2 });
    if (wanted.kind === 'struct') {
      const [first] = wanted.fields;
      const isSame = wanted.fields.every(({ type }) => JSON.stringify(type) === JSON.stringify(first!.type));
      if (!isSame) refuse('a map as a struct has fields of one type. Declare a list<struct<key: …, value: …>>');
      const readKey = plan(key, inner, { kind: 'string' });
      const readValue = plan(value, inner, first!.type);
      return entriesOf(entry, (item) => [`${readKey(item[key.id]) as string}`, readValue(item[value.id])], (entries) =>
        withoutPrototype(entries as [string, unknown][]),
      );
    }
    if (wanted.kind !== 'list' || wanted.element.kind !== 'struct')
      refuse('it is a map. Declare it as list<struct<key: string, value: …>>, or as a struct of the keys you need');
    const { fields } = wanted.element;
    const typeOf = (name: string): ValueType =>
      fields.find((field) => field.name === name)?.type ?? { kind: 'string' };
    const readKey = plan(key, inner, typeOf('key'));
    const readValue = plan(value, inner, typeOf('value'));
    return entriesOf(
      entry,
      (item) => withoutPrototype([['key', readKey(item[key.id])], ['value', readValue(item[value.id])]]),
      (entries) => entries,
    );
  }

  function planStruct(part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
    if (wanted.kind !== 'struct') refuse('it is a struct. Declare it so, with the fields you need (`struct<name: string>`)');
    const found = part.children.filter(({ element }) => wanted.fields.some(({ name }) => name === element.name));
    if (found.length === 0) refuse('none of the fields is in it');
    add(part, { num_children: found.length });
    const readers = found.map((child) => {
      const { type } = wanted.fields.find(({ name }) => name === child.element.name)!;
      return [child.element.name, child.id, plan(child, path, type)] as const;
    });
    return (decoded) => {
      if (decoded === null || decoded === undefined) return null;
      const record = decoded as Record<string, unknown>;
      return withoutPrototype(readers.map(([name, id, read]) => [name, read(record[id])]));
    };
  }

  const read = plan(node, [], column.type);
  return { column, node, schema, leaves, read: (decoded) => convert(column.type, read(decoded), column.nullable) };
}

const NOT_UTF8 = 'found bytes that are not UTF-8, expected text';

function each(read: ReadPart): ReadPart {
  return (decoded) => (Array.isArray(decoded) ? decoded.map(read) : null);
}

function entriesOf(
  entry: SchemaNode,
  readEntry: (item: Record<string, unknown>) => unknown,
  finish: (entries: unknown[]) => unknown,
): ReadPart {
  return (decoded) => {
    if (decoded === null || decoded === undefined) return null;
    const items = (decoded as Record<string, unknown>)[entry.id] as Record<string, unknown>[] | null | undefined;
    return finish((items ?? []).map(readEntry));
  };
}

function withoutPrototype(entries: readonly (readonly [string, unknown])[]): unknown {
  const record = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of entries) record[name] = value;
  return record;
}

function definedOf<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function jsonIn(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    throw new ValueFault('found text in a JSON column that is no JSON');
  }
}

function printWanted(type: ValueType): string {
  return type.kind === 'timestamp' ? type.kind : printType(type);
}
