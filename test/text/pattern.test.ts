import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern, patternFault } from '../../src/text/pattern.js';
import { cpuMsOf } from '../helpers/cpuMs.js';

const FITS: [pattern: string, text: string, fits: boolean][] = [
  ['answer', 'The answer is 3.', true],
  ['^answer', 'The answer is 3.', false],
  ['(?i)ANSWER', 'The answer is 3.', true],
  ['(?m)^Answer: [A-D]$', 'So:\nAnswer: C\n', true],
  ['\\p{Han}', '答案', true],
  ['\\d{3}', '12', false],
  ['', '', true],
];

for (const [pattern, text, fits] of FITS) {
  test(`${pattern} ${fits ? 'fits' : 'does not fit'} ${JSON.stringify(text)}`, () => {
    assert.equal(compilePattern(pattern)(text), fits);
  });
}

test('what cannot be compiled is named, look-arounds and back-references among it', () => {
  for (const pattern of ['(', '(?<=a)b', '(?=a)', '(a)\\1', '*'])
    assert.equal(typeof patternFault(pattern), 'string', pattern);
  assert.equal(patternFault('a+'), null);
});

test('a pattern that would hold a backtracking engine for ever takes time linear in the text', () => {
  const fits = compilePattern('(a+)+(a+)+$');
  const millis = [1e5, 2e5].map((chars) => cpuMsOf(() => void fits(`${'a'.repeat(chars)}!`), 2000));
  assert.ok(millis[1]! < 4000, `${millis}`);
});
