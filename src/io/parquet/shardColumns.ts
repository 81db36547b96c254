import type { Column, ColumnType } from '../../arrow/columnType.js';
import type { Files } from '../files/files.js';
import { type SchemaNode, elementOf, isList } from './read/schemaTree.js';
import { readParquetSchema } from './readParquet.js';

/** The columns of a shard that a run has written, as `readParquetBlocks` takes them. Throws as `readParquetBlocks` does. */
export async function readShardColumns(files: Files, path: string): Promise<Column[]> {
  const nodes = await readParquetSchema(files, path);
  return nodes.map((node) => ({
    name: node.element.name,
    type: typeOf(node),
    help: '',
    nullable: node.element.repetition_type !== 'REQUIRED',
  }));
}

/** The types that `parquetSchema` writes; what else there is becomes text. */
function typeOf(node: SchemaNode): ColumnType {
  if (isList(node)) return `list<${typeOf(elementOf(node))}>`;
  if (node.leaf === null) {
    const fields = node.children.map((child) => `${child.element.name}: ${typeOf(child)}`);
    return `struct<${fields.join(', ')}>`;
  }
  return SCALARS.get(node.element.type!) ?? 'string';
}

const SCALARS: ReadonlyMap<string, ColumnType> = new Map([
  ['INT32', 'int32'],
  ['INT64', 'int64'],
  ['DOUBLE', 'float64'],
  ['BOOLEAN', 'bool'],
] as const);
