import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alpaca } from '../../../src/io/exports/alpaca.js';

test('instruction, input and output; the input has a column or is empty', () => {
  const open = (changes: object) => alpaca.open(alpaca.schema.parse({ format: 'alpaca', ...changes }));
  const row = { question: 'Sum?', response: '3', table: '1, 2' };
  assert.deepEqual(open({})(row), { instruction: 'Sum?', input: '', output: '3' });
  assert.deepEqual(open({ input: 'table', user: 'Do: {{ question }}' })(row), {
    ...{ instruction: 'Do: Sum?', input: '1, 2', output: '3' },
  });
  const { reads, writes } = alpaca.describe(alpaca.schema.parse({ format: 'alpaca', input: 'table' }));
  assert.deepEqual(reads, { question: 'string', response: 'string', table: 'string' });
  assert.deepEqual(
    writes.map(([element]) => element!.name),
    ['instruction', 'input', 'output'],
  );
});
