import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf, isRead, makesWords, piecesFor, textOf, textReaders } from '../../bench/linear/readers.js';

const MEGABYTE = 2 ** 20;
const CPU_MS_MAX = 250;
/** A quarter of the text must take so much before the whole is read. */
const QUICK_MS = 15;

for (const [name, read] of Object.entries(await textReaders())) {
  const chars = makesWords(name) ? MEGABYTE / 4 : MEGABYTE;
  const pieces = piecesFor(name);

  test(`${name}: ${chars} characters of anything are read in ${CPU_MS_MAX} ms of CPU, or refused with a code`, () => {
    const cpuMsAt = (piece: string, length: number): number => {
      const text = textOf(piece, length);
      return cpuMsOf(() => assert.ok(isRead(read, text), JSON.stringify(piece)));
    };
    // Compiled before it is measured.
    for (const piece of pieces) cpuMsAt(piece, 4096);
    for (const piece of pieces) {
      if (cpuMsAt(piece, chars / 4) < QUICK_MS) continue;
      // A collection of garbage may fall into one of them.
      const cpuMs = [cpuMsAt(piece, chars)];
      while (Math.min(...cpuMs) > CPU_MS_MAX && cpuMs.length < 3) cpuMs.push(cpuMsAt(piece, chars));
      assert.ok(
        Math.min(...cpuMs) <= CPU_MS_MAX,
        `${JSON.stringify(piece)}: ${cpuMs.map(Math.round).join(', ')} ms`,
      );
    }
  });
}

test('a reader that is not linear is found', () => {
  const slow = (text: string): unknown => text.replace(/\s+$/, '');
  const cpuMsAt = (chars: number): number => cpuMsOf(() => isRead(slow, `${textOf(' ', chars)}x`));
  cpuMsAt(1000);
  assert.ok(cpuMsAt(16_000) > 6 * Math.max(cpuMsAt(4000), 0.2));
});
