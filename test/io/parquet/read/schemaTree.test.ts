import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SchemaElement } from 'hyparquet';
import {
  elementOf,
  isList,
  isMap,
  printNode,
  schemaTrees,
} from '../../../../src/io/parquet/read/schemaTree.js';

const root = (num_children: number): SchemaElement => ({ name: 'root', num_children });
const leaf = (
  name: string,
  repetition_type: SchemaElement['repetition_type'] = 'REQUIRED',
): SchemaElement => ({
  ...{ name, type: 'INT32', repetition_type },
});
const list = (name: string): SchemaElement[] => [
  { name, converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
  { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
];

test('columns with their parts, levels and leaves; names of their own whatever they are called', () => {
  const schema = [root(3), leaf('a'), ...list('b'), leaf('element', 'OPTIONAL'), leaf('a', 'OPTIONAL')];
  const nodes = schemaTrees({ schema });
  assert.deepEqual(
    nodes.map(({ element, leaf: number, id }) => [element.name, number, id]),
    [
      ['a', 0, 'c1'],
      ['b', null, 'c2'],
      ['a', 2, 'c5'],
    ],
  );
  const element = elementOf(nodes[1]!);
  assert.deepEqual([element.leaf, element.repetitionLevelMax, element.definitionLevelMax], [1, 1, 3]);
  assert.deepEqual(element.path, ['b', 'list', 'element']);
  assert.ok(isList(nodes[1]!) && !isMap(nodes[1]!));
  assert.equal(
    printNode(nodes[1]!, ({ type }) => type!),
    'list<INT32>',
  );
});

test('what is no tree is refused', () => {
  const read = (...schema: SchemaElement[]): unknown => schemaTrees({ schema });
  assert.throws(() => read(), /no schema/);
  assert.throws(() => read(root(2), leaf('a')), /no tree/);
  assert.throws(() => read(root(1), leaf('a'), leaf('b')), /no tree/);
  assert.throws(() => read(root(-1)), /no tree/);
  assert.throws(() => read(root(2 ** 30), leaf('a')), /no tree/);
  assert.throws(() => read(root(1), { name: 'a' }), /no type/);
  const deep = Array.from({ length: 200 }, (): SchemaElement => ({ name: 'a', num_children: 1 }));
  assert.throws(() => read(root(1), ...deep, leaf('b')), /no tree/);
});
