import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { Choice } from '../../../src/backends/model.js';
import { RowError } from '../../../src/errors.js';
import {
  choiceFault,
  completeAll,
  completeAllThoughts,
  completeUsable,
  completeUsableThoughts,
  samplingOptions,
} from '../../../src/operators/lib/completion.js';
import { thoughtTaker } from '../../../src/operators/lib/reasoning.js';
import { markersOf } from '../../../src/text/markers.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

const ASK = {
  seq: 0,
  message: { kind: 'preQuery' },
  n: 3,
  tokensMax: 9,
  temperature: 1,
  topP: 1,
  seed: 5,
} as const;

const LOOP = 'and then we add one more to it, '.repeat(40);

const FAULTS: [text: string, finish: Choice['finish'], code: string | null][] = [
  ['Seven.', 'stop', null],
  ['', 'stop', 'ROW_EMPTY'],
  [' \n\t', 'stop', 'ROW_EMPTY'],
  ['<think>Six? Seven?', 'stop', 'ROW_THOUGHT'],
  ['Six? Seven?</think>\n', 'stop', 'ROW_THOUGHT'],
  ['<think>Six?</think>Seven.', 'stop', null],
  ['<think>Six? Sev', 'length', 'ROW_LENGTH'],
  ['Seven and a ha', 'length', 'ROW_LENGTH'],
  ['', 'length', 'ROW_LENGTH'],
  [LOOP, 'length', 'ROW_REPETITION'],
  [LOOP, 'stop', null],
  ['Seven.<|im_end|>\n<|im_start|>user\nNo', 'stop', 'ROW_MARKER'],
  ['Seven.<|im_end|>\n<|im_start|>user\nNo', 'length', 'ROW_LENGTH'],
];

for (const [text, finish, code] of FAULTS) {
  test(`a choice ${JSON.stringify(text.slice(0, 20))} that ended by ${finish}: ${code ?? 'usable'}`, () => {
    assert.equal(choiceFault({ text, finish, tokens: 1 })?.code ?? null, code);
  });
}

test('usable choices come trimmed and in the order of the server; the others are left out', async () => {
  const model = scriptedModel({
    complete: () => [' first ', { text: 'cut', finish: 'length' }, '', 'last\n'],
  });
  assert.deepEqual(await completeUsable(model, ASK), {
    texts: ['first', 'last'],
    leftOut: { ROW_LENGTH: 1, ROW_EMPTY: 1 },
  });
  const whole = scriptedModel({ complete: () => ['one'] });
  assert.deepEqual(await completeUsable(whole, ASK), { texts: ['one'], leftOut: undefined });
  assert.deepEqual(model.completes, [ASK]);
});

test('an end token at the end of a choice is cut off; a choice that goes on after one is left out', async () => {
  const replies = ['4.\n<|eot_id|>', '5<｜end▁of▁sentence｜>User: 6', '<s>7</s>', '<|im_end|>', '8</s>\n'];
  const model = scriptedModel({ complete: () => replies });
  assert.deepEqual(await completeUsable(model, ASK), {
    texts: ['4.', '<s>7</s>', '8'],
    leftOut: { ROW_MARKER: 1, ROW_EMPTY: 1 },
  });
  const own = { ...model, markers: markersOf({ tokens: ['<s>'] }) };
  assert.deepEqual((await completeUsable(own, ASK)).leftOut, { ROW_MARKER: 2, ROW_EMPTY: 1 });
});

test('where all choices stay, each ends before its first control token', async () => {
  const replies = ['4.<|eot_id|>', '5<|im_end|>\n<|im_start|>user\n6', '', '<|x|>'];
  const model = scriptedModel({ complete: () => replies });
  assert.deepEqual((await completeAll(model, ASK)).texts, ['4.', '5', '', '<|x|>']);
});

const REJECTED: [replies: Partial<Choice>[], code: string][] = [
  [[{ text: 'cut', finish: 'length' }, { text: '' }], 'ROW_LENGTH'],
  [[{ text: '' }, { text: 'cut', finish: 'length' }], 'ROW_EMPTY'],
  [[{ text: LOOP, finish: 'length' }], 'ROW_REPETITION'],
  [[{ text: 'Yes<|eot_id|>No' }, { text: '' }], 'ROW_MARKER'],
  [[], 'ROW_EMPTY'],
];

for (const [replies, code] of REJECTED) {
  test(`without a usable choice the row is rejected with the first fault: ${code}`, async () => {
    const model = scriptedModel({ complete: () => replies });
    await assert.rejects(completeUsable(model, ASK), (error) => {
      assert.ok(error instanceof RowError);
      assert.equal(error.code, code);
      assert.equal(error.data['model'], 'tiny');
      return true;
    });
  });
}

test('sampling options have the defaults of their step and refuse what no server takes', () => {
  const schema = z.strictObject(samplingOptions({ temperature: 0.7, topP: 0.95, tokensMax: 100 }));
  assert.deepEqual(schema.parse({}), { temperature: 0.7, topP: 0.95, tokensMax: 100 });
  for (const wrong of [
    { temperature: -0.1 },
    { topP: 0 },
    { topP: 1.1 },
    { tokensMax: 0 },
    { tokensMax: 1.5 },
  ])
    assert.equal(schema.safeParse(wrong).success, false, JSON.stringify(wrong));
});

const take = thoughtTaker({ reasoningFrom: 'any' });

const THOUGHT_FAULTS: [choice: Partial<Choice>, code: string | null][] = [
  [{ text: '<think>Six?</think>Seven.' }, null],
  [{ text: 'Seven.', reasoning: 'Six?' }, null],
  // Cut within its thought: the answer never came. The same with a parser on the server and without.
  [{ text: '<think>Six? Sev', finish: 'length' }, 'ROW_LENGTH'],
  [{ text: '', reasoning: 'Six? Sev', finish: 'length' }, 'ROW_LENGTH'],
  [{ text: `<think>${LOOP}`, finish: 'length' }, 'ROW_REPETITION'],
  [{ text: '', reasoning: LOOP, finish: 'length' }, 'ROW_REPETITION'],
  [{ text: '<think>Six?' }, 'ROW_THOUGHT'],
  [{ text: '<think>Six?</think>' }, 'ROW_THOUGHT'],
  [{ text: '', reasoning: 'Six?', finish: 'reasoning', reason: 'reasoning' }, 'ROW_REASONING_ONLY'],
  // The markers of channels are the form of the reply; those in a message are not.
  [
    { text: '<|channel|>analysis<|message|>Six?<|end|><|start|>assistant<|channel|>final<|message|>Seven.' },
    null,
  ],
  [{ text: '<|channel|>analysis<|message|>Six?' }, 'ROW_THOUGHT'],
  [{ text: 'Seven.', reasoning: 'Six?<|im_start|>user' }, 'ROW_MARKER'],
  [{ text: 'Seven.<|im_start|>user', reasoning: 'Six?' }, 'ROW_MARKER'],
];

for (const [given, code] of THOUGHT_FAULTS) {
  test(`with its thought apart, ${JSON.stringify(given).slice(0, 60)}: ${code ?? 'usable'}`, async () => {
    const choice: Choice = { text: '', finish: 'stop', tokens: 1, ...given };
    assert.equal(choiceFault(choice, undefined, take)?.code ?? null, code);
    const asked = completeUsableThoughts(scriptedModel({ complete: () => [given] }), ASK, take);
    if (code !== null) return assert.rejects(asked, { code });
    assert.deepEqual((await asked).replies, [{ thought: 'Six?', answer: 'Seven.' }]);
  });
}

test('the message of a cut says so where the model was still reasoning, wherever the thought stands', async () => {
  for (const given of [{ text: '<think>Six' }, { text: '', reasoning: 'Six' }]) {
    const model = scriptedModel({ complete: () => [{ ...given, finish: 'length' as const }] });
    await assert.rejects(completeUsable(model, ASK), { code: 'ROW_LENGTH', message: /still reasoning/ });
  }
  const model = scriptedModel({ complete: () => [{ text: 'Six', finish: 'length' }] });
  await assert.rejects(completeUsable(model, ASK), (error: Error) => !/reasoning/.test(error.message));
});

test('where all choices stay, a thought that was cut has no answer', async () => {
  const model = scriptedModel({
    complete: () => [
      { text: '<think>Six', finish: 'length' },
      { text: '7<|im_end|>x', reasoning: 'Six' },
    ],
  });
  assert.deepEqual((await completeAllThoughts(model, ASK, take)).replies, [
    { thought: 'Six', answer: '' },
    { thought: 'Six', answer: '7' },
  ]);
});
