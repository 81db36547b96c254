import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable, printableLine } from '../../src/text/printable.js';

test('what a terminal obeys is shown as its code; words, accents, line ends and tabs stay', () => {
  assert.equal(printable('\u001b[31mred\u001b[0m\u0007'), '\\u001b[31mred\\u001b[0m\\u0007');
  assert.equal(printable('a\u202egnp.exe \u009b2J\u2066'), 'a\\u202egnp.exe \\u009b2J\\u2066');
  assert.equal(printable('Grüße 数学 🙂\n\tok'), 'Grüße 数学 🙂\n\tok');
  assert.equal(printable('over\rwritten'), 'over\\u000dwritten');
});

test('no text keeps a character that a terminal obeys, and none loses another', () => {
  const any = fc.string({
    unit: fc.integer({ min: 0, max: 0x2100 }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(any, (text) => {
      const shown = printable(text);
      assert.doesNotMatch(shown, /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
      const back = shown.replace(/\\u([0-9a-f]{4})/g, (_, code: string) =>
        String.fromCharCode(parseInt(code, 16)),
      );
      if (!text.includes('\\')) assert.equal(back, text);
    }),
  );
});

test('a line has no line ends, and at most so many characters, of a text of any length', () => {
  assert.equal(printableLine(' a\n\n b\t c ', 10), 'a b c');
  assert.equal(printableLine('x'.repeat(20), 10), `${'x'.repeat(10)}…`);
  const before = process.cpuUsage();
  assert.ok(printableLine('\u001b '.repeat(5e6), 300).length <= 301);
  assert.ok(process.cpuUsage(before).user < 250_000);
});
