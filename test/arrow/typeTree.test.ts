import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isColumnType, printType, typeTree } from '../../src/arrow/typeTree.js';
import { TYPES } from './arbitraries.js';

test('each type is printed as it is read', () => {
  for (const type of TYPES) assert.equal(printType(typeTree(type)), type);
  assert.equal(printType(typeTree('struct< a b:list< int64 > >')), 'struct<a b: list<int64>>');
});

test('messages are lists of role and content, of which the content may be missing', () => {
  const tree = typeTree('messages');
  assert.ok(tree.kind === 'list' && tree.element.kind === 'struct' && !tree.elementNullable);
  assert.deepEqual(
    tree.element.fields.map(({ name, nullable }) => [name, nullable]),
    [
      ['role', false],
      ['content', true],
    ],
  );
  // A struct that is only declared like one is another type: its fields may all be null.
  assert.equal(
    printType(typeTree('list<struct<role: string, content: string>>')),
    'list<struct<role: string, content: string>>',
  );
});

test('what is no type', () => {
  const wrong = [
    '',
    'text',
    'list<>',
    'list<string',
    'list<text>',
    'struct<>',
    'struct<a>',
    'struct<a: text>',
  ];
  const more = [
    'struct<a: string, a: bool>',
    'struct<: string>',
    'constructor',
    '__proto__',
    'list<string>>',
  ];
  for (const type of [...wrong, ...more]) assert.equal(isColumnType(type), false, type);
  assert.equal(isColumnType(`${'list<'.repeat(50)}bool${'>'.repeat(50)}`), false);
  assert.throws(() => typeTree('list<text>'), {
    code: 'ERR_INVARIANT',
    message: /unknown column type list<text>/,
  });
});
