import { Bool, DataType, Field, Float64, Int32, Int64, List, Precision, Struct, Utf8 } from 'apache-arrow';
import type { Column, ColumnType } from './columnType.js';
import { type FieldTree, type TypeTree, printType, typeTree } from './typeTree.js';

export function arrowType(type: ColumnType): DataType {
  const made = types.get(type) ?? arrowTypeOf(typeTree(type));
  types.set(type, made);
  return made;
}

const types = new Map<ColumnType, DataType>();

function arrowTypeOf(tree: TypeTree): DataType {
  switch (tree.kind) {
    case 'string':
      return new Utf8();
    case 'int32':
      return new Int32();
    case 'int64':
      return new Int64();
    case 'float64':
      return new Float64();
    case 'bool':
      return new Bool();
    case 'list':
      return new List(new Field('element', arrowTypeOf(tree.element), tree.elementNullable));
    case 'struct':
      return new Struct(
        tree.fields.map(({ name, type, nullable }) => new Field(name, arrowTypeOf(type), nullable)),
      );
  }
}

/** The column type that an Arrow type stores; null for a type that no column has. Dictionary-encoded text counts as text. */
export function columnTypeOf(type: DataType): ColumnType | null {
  const tree = treeOf(type);
  return tree && printType(tree);
}

/** The tree of an Arrow type; null for a type that no column has. */
export function treeOf(type: DataType): TypeTree | null {
  if (DataType.isDictionary(type)) return treeOf(type.dictionary);
  if (DataType.isUtf8(type)) return { kind: 'string' };
  if (DataType.isInt(type)) return intTree(type);
  if (DataType.isFloat(type)) return type.precision === Precision.DOUBLE ? { kind: 'float64' } : null;
  if (DataType.isBool(type)) return { kind: 'bool' };
  if (DataType.isList(type)) {
    const [child] = type.children;
    const element = treeOf(child!.type);
    return element && { kind: 'list', element, elementNullable: child!.nullable };
  }
  return DataType.isStruct(type) ? structTree(type.children) : null;
}

function intTree({ bitWidth, isSigned }: { bitWidth: number; isSigned: boolean }): TypeTree | null {
  if (!isSigned || bitWidth < 32) return null;
  return { kind: bitWidth === 32 ? 'int32' : 'int64' };
}

function structTree(children: readonly Field[]): TypeTree | null {
  const fields = children.map(({ name, type, nullable }): FieldTree | null => {
    const tree = treeOf(type);
    return tree && { name, type: tree, nullable };
  });
  return fields.every((field) => field !== null) ? { kind: 'struct', fields } : null;
}

/** The field of a column; made once, since every batch of a run has the same. */
export function arrowField(column: Column): Field {
  const made = fields.get(column);
  if (made) return made;
  const { name, type, help, nullable = false } = column;
  const field = new Field(name, arrowType(type), nullable, new Map([['help', help]]));
  fields.set(column, field);
  return field;
}

const fields = new WeakMap<Column, Field>();
