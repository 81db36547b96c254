import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LlamaGrammarEvaluationState, Token } from 'node-llama-cpp';
import { heldToken, isWhole, rememberGrammars } from '../../../src/backends/llamaCpp/grammar.js';

test('the grammar of a schema is made once, and no more of them are kept than a bound', async () => {
  const made: object[] = [];
  const grammarOf = rememberGrammars(async (schema) => made.push(schema));
  assert.deepEqual(
    [await grammarOf({ a: 1 }), await grammarOf({ a: 1 }), await grammarOf({ b: 1 })],
    [1, 1, 2],
  );
  for (let at = 0; at < 64; at++) await grammarOf({ at });
  assert.equal(await grammarOf({ a: 1 }), made.length);
});

test('one token is drawn, and the evaluation behind it never begins', async () => {
  const state = {} as LlamaGrammarEvaluationState;
  let isEnded = false;
  let samplers = 0;
  const evaluate = async function* (_: Token[], options: { grammarEvaluationState?: unknown } = {}) {
    assert.equal(options.grammarEvaluationState, state);
    try {
      yield 7 as Token;
      assert.fail('evaluated another token');
    } finally {
      isEnded = true;
    }
  };
  const sequence = { evaluate } as unknown as Parameters<typeof heldToken>[0];
  assert.deepEqual(
    [await heldToken(sequence, 1 as Token, {}, state, () => samplers++), isEnded, samplers],
    [7, true, 1],
  );
});

test('a text that was cut behind its JSON is whole', () => {
  assert.deepEqual(['{"a": 1}\n\n', '{"a": 1', ''].map(isWhole), [true, false, false]);
});
