import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cpuMsOf } from '../helpers/cpuMs.js';
import { isRepetition } from '../../src/text/repetition.js';

const SOLUTION = `Let the number of red balls be $r$ and the number of blue balls be $b$. We know that $r + b = 30$ and $r = 2b$.
Substituting, $2b + b = 30$, so $3b = 30$ and $b = 10$. Therefore $r = 20$.

Check: $20 + 10 = 30$ and $20 = 2 \\cdot 10$. Both hold.

The probability of five heads is
\\[ \\frac{1}{2} \\cdot \\frac{1}{2} \\cdot \\frac{1}{2} \\cdot \\frac{1}{2} \\cdot \\frac{1}{2} = \\frac{1}{32}. \\]

| n | n^2 |
| --- | --- |
| 1 | 1 |
| 2 | 4 |
| 3 | 9 |

1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 = 10, and 2^{100} = 1267650600228229401496703205376.
The final answer is $\\boxed{20}$.`;

describe('isRepetition', () => {
  it('sees loops of characters, words and paragraphs up to the end', () => {
    assert.ok(isRepetition('So we get 0.' + '3'.repeat(400)));
    assert.ok(isRepetition(`We start. ${'the answer is 4, so '.repeat(30)}`));
    assert.ok(isRepetition('\n'.repeat(512)));
    assert.ok(isRepetition('x'.repeat(100_000)));
    const paragraph = SOLUTION.slice(0, 250);
    assert.ok(isRepetition(paragraph.repeat(3)));
  });

  it('sees any unit repeated often enough, wherever the text is cut off', () => {
    const unit = fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.string(), unit, fc.nat(299), (start, text, cut) => {
        const times = Math.ceil(600 / text.length) + 4;
        const loop = text.repeat(times);
        assert.ok(isRepetition(start + loop + text.slice(0, cut % text.length)));
      }),
    );
  });

  it('does not see one in a worked solution, cut off anywhere', () => {
    for (let end = 0; end <= SOLUTION.length; end++)
      assert.ok(!isRepetition(SOLUTION.slice(0, end)), `${end}`);
  });

  it('does not see one in prose, long tables or a loop that was left', () => {
    const source = readFileSync(new URL(import.meta.url), 'utf8');
    assert.ok(!isRepetition(source));
    const table = Array.from({ length: 200 }, (_, n) => `| ${n} | ${n * n} |`).join('\n');
    assert.ok(!isRepetition(table));
    assert.ok(!isRepetition(`${'wait, '.repeat(60)}so the two trains meet after 3 hours.`));
  });

  it('does not see one in random words', () => {
    const words = fc.array(fc.constantFrom('the', 'sum', 'of', 'is', '=', '2', '3', 'x'), {
      minLength: 100,
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(fc.noShrink(words), (list) => periodOf(list.join(' ')) || !isRepetition(list.join(' '))),
    );
  });

  it('is quick on the worst texts', () => {
    const nearly = `${'a'.repeat(4000)}b${'a'.repeat(150)}`;
    const look = (): void => {
      for (let at = 0; at < 100; at++) isRepetition(nearly + at);
    };
    assert.ok(cpuMsOf(look, 2000) < 2000);
  });
});

/** By brute force: does the end repeat one unit, four times over 160 characters or three times over 600? */
function periodOf(text: string): boolean {
  for (let period = 1; period <= text.length / 3; period++) {
    let length = period;
    while (length < text.length && text.at(-1 - length) === text.at(-1 - length + period)) length++;
    if (length >= Math.max(160, 4 * period) || length >= Math.max(600, 3 * period)) return true;
  }
  return false;
}
