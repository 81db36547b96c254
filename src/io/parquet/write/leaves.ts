import { type DataType, DataType as Type, type Field } from 'apache-arrow';
import type { ParquetType, SchemaElement } from 'hyparquet';

/** A step on the way from a column to one of its leaves. */
export type LeafStep =
  | { kind: 'value'; nullable: boolean }
  | { kind: 'struct'; nullable: boolean; childAt: number }
  /** `repetition`: the level that says "another element of this list". */
  | { kind: 'list'; nullable: boolean; repetition: number };

/** A column of values as Parquet has it: a column of plain values, or one of the leaves of lists and structs. */
export interface ShardLeaf {
  type: ParquetType;
  /** The bytes of a value; 0 where each has its own. */
  valueBytes: number;
  path: string[];
  steps: readonly LeafStep[];
  definitionMax: number;
  repetitionMax: number;
}

/** What a value takes as PLAIN writes it; a boolean takes a byte here, and a bit in the file. */
const VALUE_BYTES: Partial<Record<ParquetType, number>> = { INT32: 4, INT64: 8, DOUBLE: 8, BOOLEAN: 1 };

/** The leaves of a column. `elements`: those that `parquetSchema` makes of it, taken one after the other. */
export function leavesOf(field: Field, elements: Iterator<SchemaElement>): ShardLeaf[] {
  return leavesBelow(field.type, field.nullable, elements, {
    path: [],
    steps: [],
    definitionMax: 0,
    repetitionMax: 0,
  });
}

type Above = Pick<ShardLeaf, 'path' | 'steps' | 'definitionMax' | 'repetitionMax'>;

function leavesBelow(
  type: DataType,
  nullable: boolean,
  elements: Iterator<SchemaElement>,
  above: Above,
): ShardLeaf[] {
  const element = elements.next().value as SchemaElement;
  const path = [...above.path, element.name];
  const definitionMax = above.definitionMax + Number(nullable);
  const { repetitionMax } = above;
  if (Type.isStruct(type)) {
    return type.children.flatMap((child, childAt) =>
      leavesBelow(child.type, child.nullable, elements, {
        path,
        definitionMax,
        repetitionMax,
        steps: [...above.steps, { kind: 'struct', nullable, childAt }],
      }),
    );
  }
  if (Type.isList(type)) {
    const list = elements.next().value as SchemaElement;
    const repetition = repetitionMax + 1;
    const [child] = type.children;
    return leavesBelow(child!.type, child!.nullable, elements, {
      path: [...path, list.name],
      definitionMax: definitionMax + 1,
      repetitionMax: repetition,
      steps: [...above.steps, { kind: 'list', nullable, repetition }],
    });
  }
  const steps: LeafStep[] = [...above.steps, { kind: 'value', nullable }];
  const valueBytes = VALUE_BYTES[element.type!] ?? 0;
  return [{ type: element.type!, valueBytes, path, steps, definitionMax, repetitionMax }];
}
