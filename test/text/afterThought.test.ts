import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  afterThought,
  isOnlyThought,
  splitThought,
  thoughtSplitter,
  withThought,
} from '../../src/text/afterThought.js';

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

const THOUGHTS: [reply: string, thought: string][] = [
  ['Seven.', ''],
  ['<think>Six?</think>Seven.', 'Six?'],
  ['Six?\n</think>\nSeven.', 'Six?'],
  ['<think>\nSix? Sev', 'Six? Sev'],
  ['Let me see. <think>Six?</think>Seven.', 'Let me see. Six?'],
  ['<think>a <think>b</think> c</think>Seven.', 'a b c'],
  [
    '<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|><|start|>assistant' +
      '<|channel|>final<|message|>Seven.<|return|>',
    'a\n\nb',
  ],
  ['<|channel|>analysis<|message|>a', 'a'],
  // The template has opened the channel.
  ['a<|end|><|start|>assistant<|channel|>final<|message|>Seven.', 'a'],
  ['<|channel|>final<|message|>Seven.', ''],
  ['analysisWe add.assistantfinalSeven.', 'We add.'],
  ['Here is my thought process: a\nHere is my response: Seven.', 'a'],
];

for (const [reply, thought] of THOUGHTS) {
  test(`the thought of ${JSON.stringify(reply)} is ${JSON.stringify(thought)}`, () => {
    assert.equal(splitThought(reply).thought, thought);
  });
}

test('a thought and an answer that are put together come apart again', () => {
  const part = fc.string().map((text) => text.replace(/[<[◁`]/g, '').trim());
  fc.assert(
    fc.property(part, part, (thought, answer) => {
      fc.pre(!/^(?:analysis(?=[A-Z])|Here)/.test(answer));
      assert.deepEqual(splitThought(withThought(thought, answer)), { thought, answer });
    }),
  );
});

test('marks of one’s own, beside those that are known', () => {
  const split = thoughtSplitter({ open: '[scratch(]', close: '[)scratch]' });
  assert.deepEqual(split('[scratch(]Six?[)scratch] Seven.'), { thought: 'Six?', answer: 'Seven.' });
  assert.deepEqual(split('[Scratch(]Six?'), { thought: 'Six?', answer: '' });
  assert.deepEqual(split('Six?[)scratch]Seven.'), { thought: 'Six?', answer: 'Seven.' });
  assert.deepEqual(split('<think>Six?</think>Seven.'), { thought: 'Six?', answer: 'Seven.' });
  // A closing mark that looks like an opening one, and the other way round.
  const slashed = thoughtSplitter({ open: '/begin/', close: 'over:' });
  assert.deepEqual(slashed('/begin/ a over: b'), { thought: 'a', answer: 'b' });
});

test('to split a reply is linear in it', () => {
  const reply = '<think>'.repeat(100_000);
  const [small, large] = [reply.slice(0, 70_000), reply].map((text) => {
    const before = process.cpuUsage();
    splitThought(text);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  assert.ok(large! < 100 * small! + 200_000, `${small} µs, ten times as long ${large} µs`);
});
