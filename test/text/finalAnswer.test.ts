import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf } from '../helpers/cpuMs.js';
import { finalAnswer, referenceAnswer, statedAnswer } from '../../src/text/finalAnswer.js';

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
  ['\\boxed{\\boxed{5}}', '5'],
  ['$\\boxed{\\text{It must be } \\boxed{11}}$', '11'],
  ['\\boxed{\\boxed{2}\\text{ and }\\boxed{3}}', '2, 3'],
  ['That makes $\\boxed 14$ of them.', '14'],
  ['Hence \\boxed -3.5 is right', '-3.5'],
  ['So $\\fbox{6}$, \\framebox{7}', '6, 7'],
  ['\boxed{5} with a lost escape', '5'],
  ['$\\boxed{4}$ apples and $\\boxed{9}$ pears', '4, 9'],
  ['We have \\boxed{3}. Checked, and \\boxed{8}', '8'],
  ['The answer is 2. So we write \\boxed{2', null],
  ['First \\boxed{20}. Final Answer: The final answer is $31$. I hope it is correct.', '31'],
  ['The final answer is 30, as wanted: \\boxed{31}', '31'],
  ['## Final Answer\n\n$$y = 9$$', 'y = 9'],
  ['**Final Answer**\n\n\\[ 3\\sqrt{7} \\]\nDone.', '3\\sqrt{7}'],
  ['### Answer\n- $x = 1$\n- $x = 2$\n\nGood', 'x = 1, x = 2'],
  ['Work.\n\nFinal Answer\n25', '25'],
  ['**Answer**: $\\frac{2}{5}$', '\\frac{2}{5}'],
  ['2 + 2\nAnswer - 4', '4'],
  ['Answer \\( 4 \\)', '\\( 4 \\)'],
  ['The answer: 61', '61'],
  ['Therefore the answer should be 61.', '61'],
  ['So our final answer would be $61$.', '61'],
  ['The answer to this question is 61 metres.', '61 metres'],
  ['The correct answer is (C).', '(C)'],
  ['So the answer is not 61.', null],
  ['The answer is not 61 but rather 62.', '62'],
  ['| step | value |\n|---|---|\n| **Answer** | **61** |', '61'],
  ['Some work.\n<answer>61</answer>', '61'],
  ['<answer>\nIt is $\\boxed{61}$.\n</answer>', '61'],
  ['<answer> 61', '61'],
  ['Sum #### 61', '61'],
  ['#### Step 1\nAdd them all up.', null],
  ['最终答案是：61。', '61'],
  ['La respuesta es $61$.', '61'],
  ['Antwort: 61', '61'],
  ['Ответ: 61', '61'],
  ['答えは61です。', '61'],
  ['Final Answer: The height of the tower is 61.', '61'],
  ['The answer is 61.<|im_end|>\n<|im_start|>user\nThe answer is 7.', '61'],
  ['Then $n = 61$.', 'n = 61'],
  ['Therefore there are 61 ways to do it.', '61'],
  ['Work.\n61', '61'],
  ['Therefore $x < 61$ is the solution. I hope it is correct.', 'x < 61'],
  ['So let us check whether $x = 61$ works.', null],
  ['<think>Maybe \\boxed{60}?</think> The answer is 61.', '61'],
  ['<think>The answer is 60. Or is it 61', null],
  ['The answer is 60.</think>\n\n**61**', '61'],
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

test('space behind a solution changes no answer, of whatever kind it is', () => {
  for (const space of [' ', '\n', '\u00a0', '\ufeff'])
    assert.equal(finalAnswer(`We add.\nThe answer is $7$${space.repeat(20)}`), '7', JSON.stringify(space));
});

test('a conclusion is an answer, but not one that a mark states', () => {
  assert.equal(finalAnswer('So there are 28 ways.'), '28');
  assert.equal(statedAnswer('So there are 28 ways.'), null);
  assert.equal(statedAnswer('The answer is 28.'), '28');
});

const REFERENCES: [text: string, answer: string | null][] = [
  ['18', '18'],
  [' \\frac{1}{2} ', '\\frac{1}{2}'],
  ['She sells 9 * 2 = 18.\n#### 18', '18'],
  ['Thus \\boxed{4}.', '4'],
  ['a', 'a'],
  ['', null],
  ['####', null],
  ['We halve it. The final answer is $28\\%$. Good.', '28\\%'],
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
    const cpuMs = cpuMsOf(() => assert.equal(finalAnswer(solution), null), 500);
    assert.ok(cpuMs < 500, `${cpuMs} ms`);
  });
}
