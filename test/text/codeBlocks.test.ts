import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocksIn, codeBlocks } from '../../src/text/codeBlocks.js';

const FENCE = '```';

test('fenced blocks are found with their language; one without an end goes to the end', () => {
  const text = `a\n${FENCE}python\nx = 1\n\ny = 2\n${FENCE}\nb\n${FENCE}\nplain\n${FENCE}\n~~~JS title\nz\n${FENCE}\n~~~\n${FENCE}py\ncut`;
  assert.deepEqual(codeBlocks(text), [
    { language: 'python', code: 'x = 1\n\ny = 2\n' },
    { language: '', code: 'plain\n' },
    { language: 'js', code: `z\n${FENCE}\n` },
    { language: 'py', code: 'cut\n' },
  ]);
});

test('a longer fence holds a shorter one, and a line that only begins with a fence ends nothing', () => {
  const text = `${FENCE}\`md\n${FENCE}python\nx\n${FENCE}\n${FENCE}\`\n${FENCE}\na\n${FENCE} b\n${FENCE}`;
  assert.deepEqual(
    codeBlocks(text).map(({ code }) => code),
    [`${FENCE}python\nx\n${FENCE}\n`, `a\n${FENCE} b\n`],
  );
});

test('of a language the marked blocks count, else those that are marked with nothing', () => {
  const marked = `${FENCE}\nout\n${FENCE}\n${FENCE}Python3\nx\n${FENCE}\n${FENCE}js\ny\n${FENCE}`;
  const codes = (text: string, language: string): string[] =>
    blocksIn(text, language).map(({ code }) => code);
  assert.deepEqual(codes(marked, 'python'), ['x\n']);
  assert.deepEqual(codes(marked, 'nodejs'), ['y\n']);
  assert.deepEqual(codes(marked, 'lua'), ['out\n']);
  assert.deepEqual(codes('no block', 'python'), []);
});
