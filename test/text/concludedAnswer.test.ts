import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concludedAnswer } from '../../src/text/concludedAnswer.js';

const SOLUTIONS: [solution: string, answer: string | null][] = [
  ['Adding 3 and 4 we obtain 7', '7'],
  ['Thus $x = 19$.', 'x = 19'],
  ['Therefore, the value of $x$ is $44$.', '44'],
  ['So there are 12 ways among the 30 people.', '12'],
  ['So the price is $1,250.50 in total.', '$1,250.50'],
  ['Thus it rises by 12.5%.', '12.5%'],
  ['Hence the sum is $5$ for every $n$.', '5'],
  ['1 + 2x + 4x^2 + ...', '1 + 2x + 4x^2 + ...'],
  ['1, 4, 9...', '1, 4, 9'],
  ['a + b\n\n$$2\\pi$$', '$$2\\pi$$'],
  ['So is it 5?', null],
  ['Suppose then that it is 5.', null],
  ['We tried 5 and 6.', null],
  ['It is easy.', null],
  ['', null],
];

for (const [solution, answer] of SOLUTIONS) {
  test(`${JSON.stringify(solution)} concludes ${answer}`, () => {
    assert.equal(concludedAnswer(solution), answer);
  });
}
