import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statedAfter } from '../../src/text/statedText.js';

const RESTS: [rest: string, answer: string][] = [
  [' 5. More', '5'],
  [' 5, because 6 is not', '5'],
  ['\n\\[ 5 \\] as shown', '5'],
  [' **5**', '5'],
  [' `yes`', 'yes'],
  [' “yes”', 'yes'],
  [' the length of $AB$ is 5', '5'],
  ['\n- $1$\n- $2$\nBoth.', '1, 2'],
];

for (const [rest, answer] of RESTS) {
  test(`behind a mark ${JSON.stringify(rest)} states ${answer}`, () => {
    assert.equal(statedAfter('Answer:', rest), answer);
  });
}

test('in a table the cell is the answer', () => {
  assert.equal(statedAfter('| Answer |', ' **5** | 6 |'), '5');
});
