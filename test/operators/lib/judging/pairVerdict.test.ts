import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../../../src/errors.js';
import { pairForm, pairText } from '../../../../src/operators/lib/judging/pairVerdict.js';
import { readForm } from '../../../../src/operators/lib/structured/replyForm.js';

const READ: [reply: string, better: string | null][] = [
  ['{"reason": "B is wrong.", "better": "A"}', 'A'],
  ['{"better": "b"}', 'B'],
  ['Both fail.\n```json\n{"reason": "x", "better": "Tie"}\n```', 'tie'],
  ['<think>{"better": "A"}</think>{"better": "B"}', 'B'],
  ['A says {"better": "A"}, but {"reason": "no", "better": "B"}', null],
  ['{"better": "C"}', null],
  ['{"better": 1}', null],
  ['A is better', null],
  ['', null],
];

for (const [reply, better] of READ) {
  test(`the verdict of ${JSON.stringify(reply)} is ${better}`, () => {
    if (better) return assert.equal(readForm(reply, pairForm()).better, better);
    assert.throws(
      () => readForm(reply, pairForm()),
      (error) => error instanceof RowError && error.code === 'ROW_UNCLEAR',
    );
  });
}

test('the criteria are numbered, and the form of the reply stands at the end', () => {
  assert.match(
    pairText(['It is right.', 'It is short.']),
    /\n1\. It is right\.\n2\. It is short\.\n\nReply [^]*"better": "A" or "B", or "tie"/,
  );
});
