import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalAnswer, referenceAnswer } from '../../src/text/finalAnswer.js';

const ANSWERS: [solution: string, answer: string | null][] = [
  ['So it is \\boxed{42}.', '42'],
  ['First \\boxed{1}, then \\boxed{2}', '2'],
  ['\\boxed{\\frac{1}{2}}', '\\frac{1}{2}'],
  ['\\boxed{\\sqrt{\\frac{a}{\\sqrt{b}}}} as wanted', '\\sqrt{\\frac{a}{\\sqrt{b}}}'],
  ['\\boxed{ 7 }', '7'],
  ['\\boxed{}', null],
  ['\\boxed{   }', null],
  ['\\boxed{\\frac{1}{2}', null],
  ['The answer is 12.', '12'],
  ['the ANSWER is: 3.5', '3.5'],
  ['The answer is 1. No: the answer is 2.\nThank you', '2'],
  ['The answer is:\n18', '18'],
  ['The answer is \\boxed{9}. The answer is 8.', '9'],
  ['An unclosed \\boxed{5 but the answer is 6', '6'],
  ['Breathe the answer isotope 4', null],
  ['The answer is', null],
  ['We cannot know.', null],
  ['', null],
  ['\\boxed{\\left\\{1\\right.} is it', '\\left\\{1\\right.'],
  ['\\boxed{\\{1, 2\\}}', '\\{1, 2\\}'],
  ['\\fbox{3} or \\boxed {4}', '3, 4'],
  ['x is $\\boxed{1}$ and $\\boxed{2}$.', '1, 2'],
  ['$$\\boxed{(2, 2)} \\quad \\text{and} \\quad \\boxed{(6, 2)}$$', '(2, 2), (6, 2)'],
  ['\\(\\boxed{1}\\) and \\(\\boxed{-2}\\).', '1, -2'],
  ['\\boxed{1}, after a long check of it, \\boxed{2}', '2'],
  ['\\boxed{1} and then \\boxed{2', '1'],
  ['\\boxed{\\boxed{5}}', '\\boxed{5}'],
  ['The final answer is $x = 3$. I hope it is correct.', 'x = 3'],
  ['The answer is\n$$\n\\frac{1}{2}\n$$', '\\frac{1}{2}'],
  ['The answer is \\[ 7 \\] as shown', '7'],
  ['Steps\n**Answer:** 42 apples', '42 apples'],
  ['**The answer is: 3.25**', '3.25'],
  ['Final Answer: (B)', '(B)'],
  ['6 + 6 = 12\n#### 12', '12'],
  ['The answer is 1,234 dollars. Good.', '1,234 dollars'],
  ['The answer is (A) 5. Note that the answer is independent of x.', '(A) 5'],
  ['The answer is 7, since 3 > 2.', '7'],
  ['The answer is 7 because 3 > 2.', '7'],
  ['The answer is 7, so we are done.', '7'],
  ['The answer is 7, as 3 > 2.', '7'],
  ['The answer is 3, 4, and 5.', '3, 4, and 5'],
  ['The answer is \\boxed{5', null],
  ['The answer is 4. Checked again, the answer is $\\boxed{5', null],
  ['The answer is x = 3 and y = 5.', 'x = 3 and y = 5'],
  ['The answer is -2.5. The answer is not what most people would expect it to be.', '-2.5'],
  ['The answer is 3. Is that right? The answer is wrong. ', '3'],
  ['The answer is yes.', 'yes'],
  ['Suppose the answer is 5. That fails. So the answer is none.', 'none'],
  ['The answer is independent of x.', 'independent of x'],
  ['The answer is something that we can only find by going through all of the cases.', null],
  ['Answer: all of the people who were born in that year', 'all of the people who were born in that year'],
  ['The answer is $a$, since $b$ is even. The answer is found by adding.', 'a'],
];

for (const [solution, answer] of ANSWERS) {
  test(`the final answer of ${JSON.stringify(solution)} is ${answer}`, () => {
    assert.equal(finalAnswer(solution), answer);
  });
}

const REFERENCES: [text: string, answer: string | null][] = [
  ['18', '18'],
  [' \\frac{1}{2} ', '\\frac{1}{2}'],
  ['She sells 9 * 2 = 18.\n#### 18', '18'],
  ['Thus \\boxed{4}.', '4'],
  ['a', 'a'],
  ['', null],
  ['####', null],
];

for (const [text, answer] of REFERENCES) {
  test(`the reference answer in ${JSON.stringify(text)} is ${answer}`, () => {
    assert.equal(referenceAnswer(text), answer);
  });
}

for (const piece of [
  'the answer was not far, and yet nobody found it ',
  '\\boxed{',
  '\\boxed',
  'answer is ** ** ',
  'the answer is surely one of those that nobody has ever seen, ',
  '# * ',
  '\n',
]) {
  test(`a long solution of ${JSON.stringify(piece)} costs no more than a pass over it`, () => {
    const solution = piece.repeat(4000);
    const startedMs = performance.now();
    assert.equal(finalAnswer(solution), null);
    assert.ok(performance.now() - startedMs < 500);
  });
}
