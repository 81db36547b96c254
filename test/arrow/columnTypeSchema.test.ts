import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnTypeSchema } from '../../src/arrow/columnTypeSchema.js';
import { TYPES } from './arbitraries.js';

test('types that can be read are taken, and the names that are added', () => {
  for (const type of TYPES) assert.equal(columnTypeSchema().parse(type), type);
  assert.equal(columnTypeSchema('timestamp').parse('timestamp'), 'timestamp');
  assert.throws(() => columnTypeSchema().parse('timestamp'), /expected one of string, int32, int64/);
  assert.throws(() => columnTypeSchema().parse('list<text>'), /as list<int64>/);
  assert.throws(() => columnTypeSchema().parse(7));
});
