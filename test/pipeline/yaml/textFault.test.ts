import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textFault } from '../../../src/pipeline/yaml/textFault.js';

test('a text of words, tabs and all kinds of line ends has no fault', () => {
  assert.equal(textFault('a: 1\r\nb:\t"2"\rc: ü 😀 \u00a0\u2028\n'), null);
});

test('a long text is none, as a prompt in the file', () => {
  assert.equal(textFault(`prompt: |\n${'  some words of a prompt\n'.repeat(20_000)}`), null);
});

test('a control character is told with its line', () => {
  assert.deepEqual(textFault('a: 1\nb: \u0008\n')!.line, 2);
  assert.match(textFault('\u007f')!.message, /U\+007F/);
});

test('too many words are told with the line where they are too many', () => {
  const fault = textFault('key: 1\n'.repeat(4000))!;
  assert.match(fault.message, /more than 20000 words and marks/);
  assert.ok(fault.line > 2500 && fault.line < 3500, `${fault.line}`);
});

test('too many characters are told, and their number', () => {
  assert.match(
    textFault('x'.repeat(1_048_577))!.message,
    /found 1048577 characters, expected at most 1048576/,
  );
});
