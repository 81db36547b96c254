import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pieceTeller } from '../../src/backends/pieceTeller.js';

function toldOf(pieces: readonly string[], stop: readonly string[]): string {
  let told = '';
  const tell = pieceTeller({ begins: () => {}, wrote: (text) => (told += text) }, stop);
  for (const piece of pieces) tell(piece);
  return told;
}

test('without stop strings every piece is told at once', () => {
  assert.equal(toldOf(['a', '', 'bc'], []), 'abc');
});

test('what may become a stop string is held back until it is none', () => {
  assert.equal(toldOf(['One<|im', '_end|'], ['<|im_end|>']), 'One');
  assert.equal(toldOf(['One<|im', '_e', 'dge'], ['<|im_end|>']), 'One<|im_edge');
  assert.equal(toldOf(['One<|im', '_end|>', ' and more'], ['<|im_end|>']), 'One');
});

test('however a text is cut, nothing of a stop string or behind it is told, and no more is held than one may need', () => {
  const letters = fc.stringMatching(/^[ab]{0,12}$/);
  const stops = fc.array(fc.stringMatching(/^[ab]{1,4}$/), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 6 }), stops, (pieces, stop) => {
      const text = pieces.join('');
      const ends = stop.map((marker) => text.indexOf(marker)).filter((at) => at >= 0);
      const end = Math.min(text.length, ...ends);
      const told = toldOf(pieces, stop);
      assert.ok(text.slice(0, end).startsWith(told), `${told} of ${text}`);
      const held = Math.max(0, ...stop.map(({ length }) => length - 1));
      assert.ok(told.length >= end - held || ends.length > 0, `${told} of ${text}`);
    }),
    { numRuns: 300 },
  );
});
