import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Choice } from '../../../src/backends/model.js';
import { emptyFault } from '../../../src/backends/server/emptyReply.js';

const choice = (text: string, finish: Choice['finish'] = 'stop'): Choice => ({ text, finish, tokens: 1 });

test('choices that all end without any text are empty', () => {
  const fault = emptyFault([choice(' \n'), choice('')]);
  assert.equal(fault?.code, 'ROW_EMPTY');
  assert.match(fault.message, /without any text/);
});

test('one text is enough, and an end that says why is no empty reply', () => {
  assert.equal(emptyFault([choice(''), choice('5')]), undefined);
  for (const finish of ['length', 'filter', 'toolCall', 'reasoning', 'repetition'] as const)
    assert.equal(emptyFault([choice('', finish)]), undefined);
});
