import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptCompletion } from '../../../src/io/exports/promptCompletion.js';

const ROW = { question: 'What is $1 + 1$?', response: 'It is 2.' };

function convert(options: object): unknown {
  return promptCompletion.open(promptCompletion.schema.parse({ format: 'promptCompletion', ...options }))(
    ROW,
  );
}

test('as texts', () => {
  assert.deepEqual(convert({ user: '{{ question }}\nThink.' }), {
    prompt: 'What is $1 + 1$?\nThink.',
    completion: 'It is 2.',
  });
});

test('as messages', () => {
  assert.deepEqual(
    convert({ asMessages: true, system: 'You are helpful.', user: '{{ question }}\nThink.' }),
    {
      prompt: [
        { role: 'system', content: 'You are helpful.' },
        { role: 'user', content: 'What is $1 + 1$?\nThink.' },
      ],
      completion: [{ role: 'assistant', content: 'It is 2.' }],
    },
  );
});

test('the written columns are texts or lists', () => {
  const elementsOf = (asMessages: boolean): (string | undefined)[] =>
    promptCompletion
      .describe(promptCompletion.schema.parse({ format: 'promptCompletion', asMessages }))
      .writes.map(([element]) => element!.converted_type);
  assert.deepEqual(elementsOf(false), ['UTF8', 'UTF8']);
  assert.deepEqual(elementsOf(true), ['LIST', 'LIST']);
});

test('a system message needs `asMessages`: a plain text has none', () => {
  assert.throws(() => convert({ system: 'x' }), /expected `asMessages: true` beside it/);
});
