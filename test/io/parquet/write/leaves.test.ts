import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leavesOfType } from '../../../helpers/files/leafSlots.js';

test('a column of values is a leaf of its own name', () => {
  assert.deepEqual(leavesOfType('int64', true), [
    {
      ...{ type: 'INT64', valueBytes: 8, path: ['column'], definitionMax: 1, repetitionMax: 0 },
      steps: [{ kind: 'value', nullable: true }],
    },
  ]);
});

test('lists add a level each, structs a leaf for each field', () => {
  const told = leavesOfType('list<struct<a: string, b: list<bool>>>').map(
    ({ path, definitionMax, repetitionMax }) => [path.join('.'), definitionMax, repetitionMax],
  );
  assert.deepEqual(told, [
    ['column.list.element.a', 3, 1],
    ['column.list.element.b.list.element', 5, 2],
  ]);
});
