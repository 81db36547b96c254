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

/** What is needed of a column, gathered from its parts. */
interface Need extends Pick<ColumnReader, 'schema' | 'leaves'> {
  refuse(why: string): never;
}

/** Throws ERR_DATA_INVALID for a column whose type in the file cannot become the wanted one. */
export function columnReader(file: string, node: SchemaNode, column: FileColumn): ColumnReader {
  const need: Need = {
    schema: [],
    leaves: [],
    refuse(why) {
      const found = printNode(node, (element) => leafOf(element).typeName);
      throw new ScaleQuestError(
        'ERR_DATA_INVALID',
        `column "${column.name}" is ${found} in the file, declared as ${printWanted(column.type)}: ${why}.`,
        { at: { file }, data: { column: column.name } },
      );
    },
  };
  const read = planPart(need, node, [], column.type);
  const { schema, leaves } = need;
  return {
    ...{ column, node, schema, leaves },
    read: (decoded) => convert(column.type, read(decoded), column.nullable),
  };
}

function addElement({ schema }: Need, { id, element }: SchemaNode, more: Partial<SchemaElement>): void {
  const { type, type_length, repetition_type } = element;
  schema.push({ name: id, ...definedOf({ type, type_length, repetition_type }), ...more } as SchemaElement);
}

function planPart(need: Need, part: SchemaNode, above: readonly string[], wanted: ValueType): ReadPart {
  const path = [...above, part.id];
  if (part.element.repetition_type !== 'REPEATED') return planSingle(need, part, path, wanted);
  if (wanted.kind !== 'list') return need.refuse('it is a list. Declare it so (`list<string>`)');
  return each(planSingle(need, part, path, wanted.element));
}

/** Of a part of which there is one. */
function planSingle(need: Need, part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
  if (part.leaf !== null) return planLeaf(need, part, path, wanted);
  if (part.element.logical_type?.type === 'VARIANT')
    return need.refuse('VARIANT is not read. Write it as JSON text');
  if (isMap(part)) return planMap(need, part, path, wanted);
  if (isList(part)) return planList(need, part, path, wanted);
  return planStruct(need, part, path, wanted);
}

function planLeaf(need: Need, part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
  const { typeName, isText, isJson, read } = leafOf(part.element);
  if (!read)
    return need.refuse(`${typeName} is not read. Write it as text or as a number, or leave the column out`);
  if (!isJson && (wanted.kind === 'list' || wanted.kind === 'struct'))
    return need.refuse(
      `declare it as what it is, such as ${typeName === 'STRING' ? 'string' : 'a number or string'}`,
    );
  addElement(need, part, isText ? { converted_type: 'UTF8' } : {});
  need.leaves.push({ node: part, path });
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

function planList(need: Need, part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
  if (wanted.kind !== 'list') return need.refuse('it is a list. Declare it so (`list<string>`, `messages`)');
  const [repeated] = part.children as [SchemaNode];
  const element = elementOf(part);
  const isNested = element !== repeated;
  // An older form: the repeated part itself is a struct, which the decoder takes for a part of a struct.
  const isOld = !isNested && element.leaf === null;
  addElement(need, part, { num_children: 1, ...(isOld ? {} : { converted_type: 'LIST' as const }) });
  if (isNested) addElement(need, repeated, { num_children: 1 });
  const inner = isNested ? [...path, repeated.id, element.id] : [...path, element.id];
  const read = each(planSingle(need, element, inner, wanted.element));
  return isOld ? (decoded) => read((decoded as Record<string, unknown> | null)?.[repeated.id]) : read;
}

/** A map is a list of entries; as a struct its keys are the names of the fields. */
function planMap(need: Need, part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
  const [entry] = part.children as [SchemaNode];
  const [key, value] = entry.children as [SchemaNode, SchemaNode];
  const inner = [...path, entry.id];
  addElement(need, part, { num_children: 1 });
  addElement(need, entry, { num_children: 2 });
  const isStruct = wanted.kind === 'struct';
  const { keyType, valueType } = entryTypes(need, wanted);
  const readKey = planPart(need, key, inner, keyType);
  const readValue = planPart(need, value, inner, valueType);
  return (decoded) => {
    if (decoded === null || decoded === undefined) return null;
    const items = ((decoded as Record<string, unknown>)[entry.id] ?? []) as Record<string, unknown>[];
    const entries = items.map((item) => [readKey(item[key.id]), readValue(item[value.id])] as const);
    if (isStruct) return withoutPrototype(entries.map(([name, each]) => [String(name), each]));
    return entries.map(([name, each]) =>
      withoutPrototype([
        ['key', name],
        ['value', each],
      ]),
    );
  };
}

function entryTypes(need: Need, wanted: ValueType): { keyType: ValueType; valueType: ValueType } {
  if (wanted.kind === 'struct') {
    const [first] = wanted.fields;
    if (wanted.fields.some(({ type }) => printType(type) !== printType(first!.type)))
      need.refuse('a map as a struct has fields of one type. Declare a list<struct<key: …, value: …>>');
    return { keyType: { kind: 'string' }, valueType: first!.type };
  }
  if (wanted.kind !== 'list' || wanted.element.kind !== 'struct')
    return need.refuse(
      'it is a map. Declare it as list<struct<key: string, value: …>>, or as a struct of the keys you need',
    );
  const { fields } = wanted.element;
  const typeOf = (name: string): ValueType =>
    fields.find((field) => field.name === name)?.type ?? { kind: 'string' };
  return { keyType: typeOf('key'), valueType: typeOf('value') };
}

function planStruct(need: Need, part: SchemaNode, path: string[], wanted: ValueType): ReadPart {
  if (wanted.kind !== 'struct')
    return need.refuse('it is a struct. Declare it so, with the fields you need (`struct<name: string>`)');
  const found = part.children.filter(({ element }) =>
    wanted.fields.some(({ name }) => name === element.name),
  );
  if (found.length === 0) return need.refuse('none of the fields is in it');
  addElement(need, part, { num_children: found.length });
  const readers = found.map((child) => {
    const { type } = wanted.fields.find(({ name }) => name === child.element.name)!;
    return [child.element.name, child.id, planPart(need, child, path, type)] as const;
  });
  return (decoded) => {
    if (decoded === null || decoded === undefined) return null;
    const record = decoded as Record<string, unknown>;
    return withoutPrototype(readers.map(([name, id, read]) => [name, read(record[id])]));
  };
}

const NOT_UTF8 = 'found bytes that are not UTF-8, expected text';

function each(read: ReadPart): ReadPart {
  return (decoded) => (Array.isArray(decoded) ? decoded.map(read) : null);
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

/** The declared type, as it is written. */
export function printWanted(type: ValueType): string {
  return type.kind === 'timestamp' ? type.kind : printType(type);
}
