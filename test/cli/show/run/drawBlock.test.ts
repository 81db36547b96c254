import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { drawBlock } from '../../../../src/cli/show/run/drawBlock.js';

function screenOf(columns: number): { stream: WriteStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { stream: { isTTY: true, columns, rows: 10, write } as unknown as WriteStream, written };
}

const erased = (written: readonly string[]): number => written.join('').split('\x1b[2K').length - 1;

test('a terminal that gets narrower wraps what was drawn: all of it is erased', () => {
  const { stream, written } = screenOf(40);
  const block = drawBlock(stream);
  block.draw(['x'.repeat(39), 'short']);
  Object.assign(stream, { columns: 10 });
  written.length = 0;
  block.draw(['new']);
  // Two lines and the cursor's; the first of them takes four lines now.
  assert.equal(erased(written), 3 + 3);
});

test('wide characters wrap by the columns that they take', () => {
  const { stream, written } = screenOf(40);
  const block = drawBlock(stream);
  block.draw(['読'.repeat(10)]);
  Object.assign(stream, { columns: 10 });
  written.length = 0;
  block.end(false);
  assert.equal(erased(written), 2 + 1);
});

test('the cursor is never hidden, and what is kept is not touched', () => {
  const { stream, written } = screenOf(40);
  const block = drawBlock(stream);
  block.draw(['one']);
  const before = written.length;
  block.end(true);
  assert.equal(written.length, before);
  assert.ok(!written.join('').includes('\x1b[?25l'));
});

test('lines that move up or down are written anew, also where they say the same', () => {
  const { stream, written } = screenOf(40);
  const block = drawBlock(stream);
  block.draw(['one', 'two', 'three']);
  written.length = 0;
  block.draw(['one', 'three']);
  const plain = written.join('').replace(/\x1b\[[?\d;]*[a-zA-Z]/g, '');
  assert.equal(plain, 'one\nthree\n');
  assert.equal(erased(written), 3 + 1);
});
