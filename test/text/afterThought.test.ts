import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterThought, isOnlyThought } from '../../src/text/afterThought.js';

const REPLIES: [reply: string, answer: string][] = [
  ['Seven.', 'Seven.'],
  ['  Seven.\n', '  Seven.\n'],
  ['<think>Six?</think>Seven.', 'Seven.'],
  ['<think>\n</think>\n\nSeven.', 'Seven.'],
  // The opening mark stood in the prompt.
  ['Six?\n</think>\nSeven.', 'Seven.'],
  ['<think>Six?', ''],
  ['Let me see. <think>Six?', ''],
  ['<think>Six?</think>', ''],
  ['<think>a<think>b</think>c</think>Seven.', 'Seven.'],
  ['<think>a</think>Six. <think>Hm', ''],
  ['<THINK>a</THINK>Seven.', 'Seven.'],
  ['<thinking>a</thinking>Seven.', 'Seven.'],
  ['<thought>a</thought>Seven.', 'Seven.'],
  ['<reasoning>a</reasoning>\n<answer>7</answer>', '<answer>7</answer>'],
  ['<seed:think>a</seed:think>Seven.', 'Seven.'],
  ['◁think▷a◁/think▷Seven.', 'Seven.'],
  ['◁think▷a', ''],
  ['[THINK]a[/THINK]Seven.', 'Seven.'],
  ['<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Seven.<|END_RESPONSE|>', 'Seven.'],
  ['<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>Seven.<|end_of_solution|>', 'Seven.'],
  [
    '<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Seven.<|return|>',
    'Seven.',
  ],
  ['<|channel|>analysis<|message|>a<|end|>', ''],
  ['<|channel|>final<|message|>Seven.', 'Seven.'],
  ['<|channel|>commentary to=functions.x<|message|>a', ''],
  ['analysisWe add.assistantfinalSeven.', 'Seven.'],
  ['analysisWe add.', ''],
  ['analysis of it gives Seven.', 'analysis of it gives Seven.'],
  ['Here is my thought process: a\nHere is my response: Seven.', 'Seven.'],
  ['Write `<think>` before it.', 'Write `<think>` before it.'],
  ['Is a < think > tag HTML?', 'Is a < think > tag HTML?'],
];

for (const [reply, answer] of REPLIES) {
  test(`behind the thought of ${JSON.stringify(reply)} stands ${JSON.stringify(answer)}`, () => {
    assert.equal(afterThought(reply), answer);
    assert.equal(isOnlyThought(reply), answer === '');
  });
}

test('an empty reply is no thought', () => {
  assert.equal(isOnlyThought(' \n'), false);
});
