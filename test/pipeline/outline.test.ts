import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outlineOf } from '../../src/pipeline/outline.js';

const TEXT = [
  'name: x',
  'models: # mine',
  '  a: { llamaCpp: { path: "${HOME_OF:-/m}/a.gguf", gpu: true } }',
  'source: { jsonl: { path: "${ROWS}" } }',
  "steps: [{ respond: { model: a, prompt: 'p/é.txt' } }]",
].join('\n');

test('strings with their offsets, top keys with their lines, all keys, variables without a default', () => {
  const { strings, lines, keys, variables } = outlineOf(TEXT);
  for (const { value, start, end } of strings) assert.ok(TEXT.slice(start, end).includes(value), value);
  assert.ok(strings.some(({ value, start, end }) => TEXT.slice(start, end) === `'${value}'`));
  assert.deepEqual(
    [...lines],
    [
      ['name', 1],
      ['models', 2],
      ['source', 4],
      ['steps', 5],
    ],
  );
  assert.ok(keys.has('llamaCpp') && keys.has('prompt') && !keys.has('a.gguf'));
  assert.deepEqual(variables, ['ROWS']);
});

test('a text that is no mapping has no top keys', () => {
  assert.deepEqual([...outlineOf('- a\n- b').lines], []);
});
