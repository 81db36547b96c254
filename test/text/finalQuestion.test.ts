import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../src/errors.js';
import { cpuMsOf } from '../helpers/cpuMs.js';
import { readFinalQuestion } from '../../src/text/finalQuestion.js';

const Q = 'How many pears are left?';

const REPLIES: [name: string, reply: string, found: string][] = [
  ['plain', `DRAFT: x\nCHECK: y\nFINAL QUESTION: ${Q}`, Q],
  ['behind a thought', `<think>Final question: Which?</think>\nFinal question: ${Q}`, Q],
  ['in a fence', `Final question:\n\`\`\`text\n${Q}\n\`\`\`\nDone`, Q],
  ['on the next line', `FINAL QUESTION:\n\n${Q}\n`, Q],
  ['colon inside bold', `**FINAL QUESTION:** ${Q}`, Q],
  ['colon outside bold', `**Final Question**: ${Q}`, Q],
  ['bold around heading and text', `**Final question: ${Q}**`, Q],
  ['bold text', `Final question: **${Q}**`, Q],
  ['markdown heading', `### Final Question\n${Q}`, Q],
  ['markdown heading with bold and colon', `## **Final Question:**\n\n${Q}`, Q],
  ['hashes around', `Step 4 #Finally Rewritten Problem#:\n${Q}`, Q],
  ['hashes around and the text beside', `Step 4 #Finally Rewritten Problem#: ${Q}`, Q],
  ['numbered', `3. Final question: ${Q}`, Q],
  ['numbered with a bracket, in bold', `**3) Final question** – ${Q}`, Q],
  ['step with a colon', `Step 4: Final rewritten question:\n${Q}`, Q],
  ['list item', `- final problem: ${Q}`, Q],
  ['quoted line', `> Final question: ${Q}`, Q],
  ['with an article', `The final question: ${Q}`, Q],
  ['lower case', `final question: ${Q}`, Q],
  ['a wide colon', `Final question：${Q}`, Q],
  ['carriage returns', `FINAL QUESTION:\r\n${Q}\r\n`, Q],
  ['the last one wins', `FINAL QUESTION: Why?\nOn second thought:\nFINAL QUESTION: ${Q}`, Q],
  ['in quotes', `FINAL QUESTION: "${Q}"`, Q],
  ['in a fence', `FINAL QUESTION:\n\`\`\`text\n${Q}\n\`\`\``, Q],
  ['in the angle brackets of a form', `FINAL QUESTION: <${Q}>`, Q],
  ['a rule at the end', `FINAL QUESTION: ${Q}\n\n---`, Q],
  ['several lines', `FINAL QUESTION: Ann has 3 pears.\n\n${Q}`, `Ann has 3 pears.\n\n${Q}`],
  ['bold inside', `FINAL QUESTION: Ann has **3** pears. ${Q}`, `Ann has **3** pears. ${Q}`],
  ['stars of a formula', 'FINAL QUESTION: What is 2**3 + 2**4?', 'What is 2**3 + 2**4?'],
  ['a remark in its heading', `## 3. Final Question (self-contained)\n${Q}`, Q],
  ['a remark in its bold heading', `**Final Question** (with one answer): ${Q}`, Q],
  ['a rule below its heading', `## Final Question\n\n---\n\n${Q}`, Q],
  ['a heading of its own', `FINAL QUESTION:\n\n### Question\n${Q}`, Q],
  ['a remark after its fence', `FINAL QUESTION:\n\`\`\`\n${Q}\n\`\`\`\nIt is self-contained.`, Q],
  ['nothing but a solution', 'FINAL QUESTION:\n\n## Solution\n10', 'ROW_EMPTY'],
  ['prose about it', 'The final question is easy to solve.', 'ROW_UNCLEAR'],
  ['in the middle of a line', `I made it harder. Final question: ${Q}`, 'ROW_UNCLEAR'],
  ['another section', `REWRITTEN: ${Q}`, 'ROW_UNCLEAR'],
  ['none', Q, 'ROW_UNCLEAR'],
  ['nothing after it', 'CHECK: fine\n**FINAL QUESTION:**\n', 'ROW_EMPTY'],
  ['nothing after the last one', `FINAL QUESTION: ${Q}\nFINAL QUESTION:`, 'ROW_EMPTY'],
];

for (const [name, reply, found] of REPLIES) {
  test(`final question, ${name}: ${found.startsWith('ROW_') ? found : 'found'}`, () => {
    if (!found.startsWith('ROW_')) return assert.equal(readFinalQuestion(reply), found);
    assert.throws(
      () => readFinalQuestion(reply),
      (error) => error instanceof RowError && error.code === found,
    );
  });
}

/** Behind the question, and no part of it. */
const BEHIND: [name: string, behind: string][] = [
  ['a solution', '\n\nSolution: 5 + 5 = 10'],
  ['a heading of a solution', '\n\n## Solution\n5 + 5 = 10'],
  ['a deeper heading', '\n### Step-by-step reasoning\n5 + 5'],
  ['a bold section', '\n\n**Explanation**: it is ten.'],
  ['a bold section with its colon inside', '\n**Explanation:** it is ten.'],
  ['a bold title alone', '\n\n**Detailed Solution**\n\n5 + 5'],
  ['a numbered section', '\n\n5. Verification: it has one answer.'],
  ['a bold section in the same line', ' **Explanation**: it is ten.'],
  ['a section in the same line', ' Answer: 10'],
  ['an answer in brackets', ' (Answer: 10)'],
  ['a final answer', '\nFinal answer: 10'],
  ['an answer of GSM8K’s form', '\n#### 10'],
  ['an answer in a sentence', '\n\nThe answer is 10.'],
  ['a rule and a remark', '\n---\nThis question is self-contained.'],
  ['a rule of stars', '\n\n* * *\n\nTen.'],
  ['a rule of equals signs', '\n\n=====\nTen.'],
  ['a remark', '\n\nThis revised question has a single numeric answer.'],
  ['a note on the change', '\n\n**Note:** I changed the original numbers.'],
  ['carriage returns', '\r\n\r\nSolution: 10\r\n'],
];

for (const [name, behind] of BEHIND) {
  test(`final question, without ${name} behind it`, () => {
    assert.equal(readFinalQuestion(`Final Question:\nWhat is 10?${behind}`), 'What is 10?');
    assert.equal(readFinalQuestion(`**Final Question:** What is 10?${behind}`), 'What is 10?');
  });
}

/** Questions that only look as if a section began in them. */
const WHOLE = [
  'Two parts.\nPart 1: find x.\nPart 2: find y.',
  'Let f(x) = x^2.\n\n(a) Find f(3).\n(b) Find f(4).',
  'A line meets a circle.\n\n1. Find the centre.\n2. Find the radius.',
  'The problem of Ann: she has 3 pears. How many are left?',
  'A circle has radius 2.\nNote: take pi to be 3.14.\nWhat is its area?',
  'Find the solutions of x^2 = 4 and give the answer in cm.',
  'The table:\n| a | b |\n|---|---|\n| 1 | 2 |\nWhat is a + b?',
  '**Given:** x = 3\n**Find:** x^2',
  '```python\nprint(2)\n```\nWhat does it print?',
];

for (const question of WHOLE) {
  test(`final question, whole: ${JSON.stringify(question.slice(0, 40))}`, () => {
    assert.equal(readFinalQuestion(`## Final Question\n\n${question}\n\n**Solution:** 1`), question);
  });
}

test('a reply that repeats a mark without end is read in time that grows with its length alone', () => {
  const marks = [
    '-',
    '- ',
    '*',
    '* ',
    '_',
    '=',
    '#',
    '`',
    '(',
    'step ',
    'full ',
    '**full ',
    'question ',
    ' ',
  ];
  for (const mark of marks) {
    const long = `${mark.repeat(40_000)}x`;
    const cpuMs = cpuMsOf(() => {
      assert.match(readFinalQuestion(`FINAL QUESTION:\nWhy?\n${long}`), /^Why\?/);
      try {
        // In a heading some of them are marks of its own.
        readFinalQuestion(`Final question ${long}`);
      } catch (error) {
        assert.ok(error instanceof RowError);
      }
    }, 2000);
    assert.ok(cpuMs < 2000, `${mark}: ${cpuMs} ms`);
  }
});
