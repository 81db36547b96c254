import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDefinition } from '../../../../src/operators/lib/own/operatorDefinition.js';

const row = (): void => {};
const memory = { init: () => 0, apply: () => {} };

const UNFIT: [what: string, definition: object, message: RegExp][] = [
  ['nothing that decides', { reads: {} }, /unfit at row: expected a function, or `batch` in its place/],
  ['two that decide', { row, batch: row }, /unfit at batch: found `row` too/],
  ['a memory over batches', { batch: row, memory }, /unfit at memory: expected `row` with it/],
  ['a preparation without a memory', { row, prepare: row }, /unfit at prepare: expected `memory` with it/],
  [
    'a memory that never changes',
    { row, memory: { init: row } },
    /unfit at memory\.apply: expected a function/,
  ],
  ['a call that no model has', { row, models: { judge: 'answer' } }, /unfit at models\.judge: .*complete/],
];

for (const [what, definition, message] of UNFIT)
  test(`${what} is unfit, and the message says where`, () => {
    assert.throws(() => checkDefinition(definition, 'the module'), { code: 'ERR_OPERATOR_LOAD', message });
  });

test('what is left out has its default', () => {
  const { reads, writes, drops, models, name } = checkDefinition({ row }, 'the module');
  assert.deepEqual([reads, writes, drops, models, name], [{}, [], {}, {}, 'custom']);
  assert.ok(checkDefinition({ row, memory, prepare: row, models: { own: 'embed' } }, 'the module').prepare);
});
