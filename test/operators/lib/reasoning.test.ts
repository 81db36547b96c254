import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ThoughtPlaces, thoughtTaker, withBound } from '../../../src/operators/lib/reasoning.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

function take(places: Partial<ThoughtPlaces>, text: string, reasoning?: string) {
  const choice = { text, finish: 'stop' as const, tokens: 9, ...(reasoning !== undefined && { reasoning }) };
  return thoughtTaker({ reasoningFrom: 'any', ...places })(choice);
}

test('the same reply gives the same, taken apart by the server or not, with its opening mark or without', () => {
  const part = fc.string().map((text) => text.replace(/[<[◁`]/g, '').trim());
  fc.assert(
    fc.property(part.filter(Boolean), part.filter(Boolean), (thought, answer) => {
      fc.pre(!/^(?:analysis(?=[A-Z])|Here)/.test(answer) && !/^(?:analysis(?=[A-Z])|Here)/.test(thought));
      const expected = { thought, answer };
      assert.deepEqual(take({}, `<think>\n${thought}\n</think>\n\n${answer}`), expected);
      assert.deepEqual(take({}, `${thought}</think>${answer}`), expected);
      assert.deepEqual(take({}, `\n\n${answer}`, `${thought}\n`), expected);
      // Parsers that leave a mark in what they take out, and one that leaves the thought in the text beside.
      assert.deepEqual(take({}, answer, `<think>\n${thought}`), expected);
      assert.deepEqual(take({}, `<think>${thought}</think>${answer}`, thought), expected);
    }),
  );
});

test('only the server’s, or only what stands between marks', () => {
  assert.deepEqual(take({ reasoningFrom: 'server' }, '<think>a</think>b', 'c'), {
    thought: 'c',
    answer: '<think>a</think>b',
  });
  assert.deepEqual(take({ reasoningFrom: 'marks' }, '<think>a</think>b', 'c'), { thought: 'a', answer: 'b' });
  assert.deepEqual(take({}, '<think>a</think>b', 'c'), { thought: 'c\n\na', answer: 'b' });
  assert.deepEqual(take({ thoughtMarks: ['<s1>', '</s1>'] }, '<s1>a</s1>b'), {
    thought: 'a',
    answer: 'b',
  });
});

test('a bound is sent to a model whose server has one, and refused for any other', () => {
  const ask = {
    seq: 0,
    message: { kind: 'preQuery' },
    n: 1,
    tokensMax: 9,
    temperature: 1,
    topP: 1,
    seed: 5,
  } as const;
  const plain = scriptedModel();
  assert.equal(withBound(plain, ask, undefined), ask);
  assert.throws(() => withBound(plain, ask, 4), { code: 'ERR_PIPELINE_MODEL', message: /thinkingBudget/ });
  const bounded = { ...plain, can: { ...plain.can, boundThought: true } };
  assert.deepEqual(withBound(bounded, ask, 4), { ...ask, thinkingTokensMax: 4 });
});
