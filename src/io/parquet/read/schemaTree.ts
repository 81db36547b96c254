import { Damage } from '../../files/damage.js';
import type { FileMetaData, SchemaElement } from 'hyparquet';

/** A part of a file's schema: a column, or what it is made of. */
export interface SchemaNode {
  element: SchemaElement;
  children: SchemaNode[];
  /** A name that is unique in the file, whatever the columns are called. */
  id: string;
  /** Which of the file's leaves it is, from 0; null for one that has parts. */
  leaf: number | null;
  /** Names from the root on. */
  path: readonly string[];
  repetitionLevelMax: number;
  definitionLevelMax: number;
}

const DEPTH_MAX = 64;

/** The columns of a file as trees. Throws an Error for a schema that is no tree. */
export function schemaTrees({ schema }: Pick<FileMetaData, 'schema'>): SchemaNode[] {
  let next = 1;
  let leaves = 0;

  function readNode(
    parent: Pick<SchemaNode, 'path' | 'repetitionLevelMax' | 'definitionLevelMax'>,
  ): SchemaNode {
    const element = schema[next];
    if (!element || parent.path.length > DEPTH_MAX) throw new Damage('the schema is no tree');
    const id = `c${next}`;
    next += 1;
    const path = [...parent.path, element.name];
    const { repetition_type: repetition } = element;
    const levels = {
      repetitionLevelMax: parent.repetitionLevelMax + Number(repetition === 'REPEATED'),
      definitionLevelMax: parent.definitionLevelMax + Number(repetition !== 'REQUIRED'),
    };
    const count = childrenOf(element);
    if (count === 0 && element.type === undefined) throw new Damage('a column has no type');
    const leaf = count === 0 ? leaves++ : null;
    const children = Array.from({ length: count }, () => readNode({ path, ...levels }));
    return { element, children, id, leaf, path, ...levels };
  }

  const [root] = schema;
  if (!root) throw new Damage('it has no schema');
  const levels = { path: [], repetitionLevelMax: 0, definitionLevelMax: 0 };
  const nodes = Array.from({ length: childrenOf(root) }, () => readNode(levels));
  if (next !== schema.length) throw new Damage('the schema is no tree');
  return nodes;

  function childrenOf({ num_children: count = 0 }: SchemaElement): number {
    if (!(count >= 0 && count <= schema.length)) throw new Damage('the schema is no tree');
    return count;
  }
}

export function isList({ element }: SchemaNode): boolean {
  return element.converted_type === 'LIST' || element.logical_type?.type === 'LIST';
}

/** A map has one repeated part, of a key and a value. */
export function isMap({ element, children }: SchemaNode): boolean {
  const isNamed =
    element.converted_type === 'MAP' ||
    element.converted_type === 'MAP_KEY_VALUE' ||
    element.logical_type?.type === 'MAP';
  return isNamed && children.length === 1 && children[0]!.children.length === 2;
}

/** The node of a list's elements: the standard has two levels below the list, older writers one. */
export function elementOf(list: SchemaNode): SchemaNode {
  const repeated = list.children[0];
  if (!repeated || repeated.element.repetition_type !== 'REPEATED')
    throw new Damage('a list has no elements');
  return repeated.children.length === 1 ? repeated.children[0]! : repeated;
}

/** The type of a part as messages name it. */
export function printNode(node: SchemaNode, leafName: (element: SchemaElement) => string): string {
  if (node.leaf !== null) return leafName(node.element);
  if (isMap(node)) return 'map';
  if (isList(node)) return `list<${printNode(elementOf(node), leafName)}>`;
  const fields = node.children.map((child) => `${child.element.name}: ${printNode(child, leafName)}`);
  const text = `struct<${fields.join(', ')}>`;
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
