import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Token } from 'node-llama-cpp';
import { CHUNK_TOKENS, promptEvaluator } from '../../../src/backends/llamaCpp/promptEvaluator.js';

/** Stands for a sequence. Each of its cells knows the batch in which its token was evaluated: where it began, and how long it was. */
class Sequence {
  contextTokens: Token[] = [];
  batches: string[] = [];
  evaluated = 0;

  constructor(readonly needsCheckpoints = false) {}

  get nextTokenIndex(): number {
    return this.contextTokens.length;
  }

  async adaptStateToTokens(tokens: readonly Token[], allowShift?: boolean): Promise<void> {
    assert.equal(allowShift, false);
    const different = this.contextTokens.findIndex((token, at) => token !== tokens[at]);
    if (different < 0) return;
    this.contextTokens = this.contextTokens.slice(0, different);
    this.batches = this.batches.slice(0, different);
    // As node-llama-cpp does where a state cannot go back.
    if (this.needsCheckpoints) this.batches = this.contextTokens.map(() => `0+${different}`);
  }

  async evaluate(tokens: readonly Token[]): Promise<void> {
    const batch = `${this.nextTokenIndex}+${tokens.length}`;
    this.contextTokens = [...this.contextTokens, ...tokens];
    this.batches.push(...tokens.map(() => batch));
    this.evaluated += tokens.length;
  }
}

const evaluatorOf = (batchesMatter: boolean) =>
  promptEvaluator<Sequence>(batchesMatter, (sequence, tokens) => sequence.evaluate(tokens));

const tokens = (count: number, from = 0): Token[] =>
  Array.from({ length: count }, (_, at) => (from + at) as Token);

/** A prompt that shares its first tokens with others, and how many tokens are written behind it, one by one. */
const prompt = fc.record({
  shared: fc.integer({ min: 0, max: 3 * CHUNK_TOKENS }),
  own: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 })),
  mark: fc.integer({ min: 1, max: 2 }),
  written: fc.integer({ min: 0, max: 70 }),
});

describe('promptEvaluator', () => {
  it('where batches matter, evaluates each token in the same batch whatever the sequence held before', async () => {
    const property = fc.asyncProperty(
      fc.array(prompt, { maxLength: 6 }),
      fc.boolean(),
      async (history, recurrent) => {
        const evaluate = evaluatorOf(true);
        const sequence = new Sequence(recurrent);
        for (const { shared, own, mark, written } of history) {
          const wanted = [...tokens(shared), ...tokens(own, mark * 1000)];
          await evaluate(sequence, wanted);
          const fresh = new Sequence(recurrent);
          await evaluatorOf(true)(fresh, wanted);
          assert.deepEqual(sequence.contextTokens, wanted);
          assert.deepEqual(sequence.batches, fresh.batches);
          // What a model writes may be what the next prompt goes on with.
          for (let at = 0; at < written; at++) await sequence.evaluate(tokens(1, wanted.length + at));
        }
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it('evaluates nothing again for the next choice of a row, and whole chunks only once', async () => {
    const evaluate = evaluatorOf(true);
    const sequence = new Sequence();
    await evaluate(sequence, tokens(100));
    await sequence.evaluate(tokens(3, 100));
    await evaluate(sequence, tokens(100));
    assert.equal(sequence.evaluated, 103);
    await evaluate(sequence, tokens(120));
    assert.equal(sequence.evaluated, 103 + 120 - CHUNK_TOKENS);
  });

  it('where batches do not matter, evaluates what is missing as one batch', async () => {
    const evaluate = evaluatorOf(false);
    const sequence = new Sequence();
    await evaluate(sequence, tokens(100));
    await evaluate(sequence, [...tokens(90), ...tokens(70, 500)]);
    assert.deepEqual(new Set(sequence.batches), new Set(['0+100', '90+70']));
  });
});
