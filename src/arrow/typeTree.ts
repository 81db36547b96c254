import { ScaleQuestError } from '../errors.js';
import { type ColumnType, SCALAR_TYPES } from './columnType.js';

export type ScalarType = (typeof SCALAR_TYPES)[number];

/** A column type, taken apart. */
export type TypeTree =
  | { kind: ScalarType }
  | { kind: 'list'; element: TypeTree; elementNullable: boolean }
  | { kind: 'struct'; fields: readonly FieldTree[] };

export interface FieldTree {
  name: string;
  type: TypeTree;
  nullable: boolean;
}

const MESSAGES: TypeTree = {
  kind: 'list',
  elementNullable: false,
  element: {
    kind: 'struct',
    fields: [
      { name: 'role', type: { kind: 'string' }, nullable: false },
      { name: 'content', type: { kind: 'string' }, nullable: true },
    ],
  },
};

const DEPTH_MAX = 16;
const FIELD_NAME = /^\s*([^\s<>,:][^<>,:]*?)\s*:/;

/** The tree of a type; made once for each text. `isColumnType` has found it well-formed. */
export function typeTree(type: ColumnType): TypeTree {
  const made = trees.get(type) ?? parseType(type, 0);
  if (!made)
    throw new ScaleQuestError(
      'ERR_INVARIANT',
      `unknown column type ${type}, expected one that isColumnType takes`,
    );
  trees.set(type, made);
  return made;
}

const trees = new Map<string, TypeTree>();

export function isColumnType(text: string): text is ColumnType {
  return text.length <= 10_000 && parseType(text, 0) !== null;
}

/** How a type is written: the same text for trees of the same types. */
export function printType(tree: TypeTree): ColumnType {
  if (tree.kind === 'list') return isMessages(tree) ? 'messages' : `list<${printType(tree.element)}>`;
  if (tree.kind !== 'struct') return tree.kind;
  return `struct<${tree.fields.map(({ name, type }) => `${name}: ${printType(type)}`).join(', ')}>`;
}

function isMessages(tree: TypeTree & { kind: 'list' }): boolean {
  if (tree.elementNullable || tree.element.kind !== 'struct') return false;
  const names = tree.element.fields.map(({ name, type }) => `${name} ${type.kind}`);
  return names.join() === 'role string,content string';
}

function parseType(text: string, depth: number): TypeTree | null {
  const type = text.trim();
  if (depth > DEPTH_MAX) return null;
  if (isScalar(type)) return { kind: type };
  if (type === 'messages') return MESSAGES;
  const inner = innerOf(type, 'list');
  if (inner !== null) {
    const element = parseType(inner, depth + 1);
    return element && { kind: 'list', element, elementNullable: element.kind !== 'string' };
  }
  return parseStruct(type, depth);
}

function parseStruct(type: string, depth: number): TypeTree | null {
  const inner = innerOf(type, 'struct');
  if (inner === null) return null;
  const fields: FieldTree[] = [];
  for (const part of splitFields(inner)) {
    const named = FIELD_NAME.exec(part);
    const fieldType = named && parseType(part.slice(named[0].length), depth + 1);
    if (!fieldType || fields.some(({ name }) => name === named[1])) return null;
    fields.push({ name: named[1]!, type: fieldType, nullable: true });
  }
  return { kind: 'struct', fields };
}

function isScalar(text: string): text is ScalarType {
  return (SCALAR_TYPES as readonly string[]).includes(text);
}

function innerOf(type: string, word: 'list' | 'struct'): string | null {
  return type.startsWith(`${word}<`) && type.endsWith('>') ? type.slice(word.length + 1, -1) : null;
}

/** At the commas outside of inner brackets. */
function splitFields(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '<') depth += 1;
    else if (text[at] === '>') depth -= 1;
    else if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
