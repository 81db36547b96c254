import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column, ColumnValue } from '../../../src/arrow/columnType.js';
import { answersOf } from '../../../src/flow/steps/answersOf.js';

function answers(columns: Record<string, readonly ColumnValue[]>): (string | null)[] {
  const declared = Object.keys(columns).map((name): Column => ({
    ...{ name, type: name === 'responses' ? 'list<string>' : 'string', help: '', nullable: true },
  }));
  const rows = buildRows(declared, Object.values(columns), 2);
  return [0, 1].map(answersOf({ rows }));
}

test('the response that was chosen counts before all responses, and a row without either has none', () => {
  assert.deepEqual(answers({ responses: [['a', 'b'], []] }), ['a\n---\nb', null]);
  assert.deepEqual(answers({ responses: [['a', 'b'], ['c']], response: ['b', null] }), ['b', null]);
  assert.deepEqual(answers({ question: ['x', 'y'] }), [null, null]);
});
