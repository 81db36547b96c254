import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stylesOf } from '../../../src/cli/show/styles.js';

test('texts are marked on a terminal with colours, and left alone elsewhere', () => {
  const terminal = stylesOf({ isTTY: true, hasColors: () => true });
  assert.equal(terminal.added('a'), '\x1b[32ma\x1b[39m');
  assert.equal(terminal.heading('a'), '\x1b[1ma\x1b[22m');
  for (const stream of [{ isTTY: false }, { isTTY: true, hasColors: () => false }, { isTTY: true }])
    for (const style of Object.values(stylesOf(stream))) assert.equal(style('a'), 'a');
});
