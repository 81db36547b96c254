import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printRejects } from '../../../src/cli/show/rejectList.js';

const EXAMPLE = {
  seq: 7,
  seqIndex: 0,
  message: 'the reply ends with No',
  question: 'Who?',
  reply: 'It lacks a number. No',
};
const GROUP = {
  step: 'judgeSolvability',
  kind: 'dropped',
  reason: 'unsolvable',
  rows: 12,
  examples: [EXAMPLE],
} as const;

test('a table of the reasons, then examples with question and reply', () => {
  assert.equal(
    printRejects([{ ...GROUP, examples: [...GROUP.examples] }]),
    [
      'step              lost     reason      rows',
      'judgeSolvability  dropped  unsolvable    12',
      '',
      '--- judgeSolvability: unsolvable, row 7',
      'why: the reply ends with No',
      'question: Who?',
      'the model wrote: It lacks a number. No',
      '',
    ].join('\n'),
  );
  assert.equal(printRejects([]), 'No row was lost.\n');
});

test('long texts are cut, and what a terminal obeys is shown', () => {
  const reply = `\u001b[2J${'x'.repeat(500)}`;
  const text = printRejects([{ ...GROUP, examples: [{ ...EXAMPLE, seqIndex: 2, reply }] }]);
  assert.match(text, /row 7, number 2\n/);
  assert.match(text, /wrote: \\u001b\[2Jx+ … \(504 characters\)\n/);
  assert.match(printRejects([{ ...GROUP, examples: [{ ...EXAMPLE, reply: '' }] }]), /wrote: \(nothing\)/);
});
