import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type LlamaContextSequence, type Token, TokenBias, getLlama } from 'node-llama-cpp';
import { withoutBinaryTest } from '../../../src/backends/llamaCpp/binaryTest.js';
import { type ReadNext, choiceProbabilities } from '../../../src/backends/llamaCpp/choiceProbabilities.js';
import { isLargeVocabulary, samplingOf } from '../../../src/backends/llamaCpp/sampling.js';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';

/** The bundled model is asked as one with a small vocabulary, and as one with a large one. */

const SMALL = 1_024;
const LARGE = 262_144;

describe('choiceProbabilities', () => {
  let sequence: LlamaContextSequence;
  let prompt: Token[];
  let close: () => Promise<void>;
  let reads = 0;
  let biasOf: (tokens: Token[], logit: number) => TokenBias;

  before(async () => {
    const llama = await withoutBinaryTest(() => getLlama({ build: 'never', gpu: false, maxThreads: 1 }));
    const model = await llama.loadModel({ modelPath: join(PACKAGE_FOLDER, 'models/tiny.gguf') });
    const context = await model.createContext({ contextSize: 128, flashAttention: false, threads: 1 });
    sequence = context.getSequence();
    prompt = model.tokenize('<|im_start|>user\nTom has 3 apples and buys', true);
    biasOf = (tokens, logit) => TokenBias.for(model).set(tokens, { logit });
    close = () => llama.dispose();
  });
  after(() => close());

  async function output(options: object) {
    await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
    const missing = prompt.slice(sequence.nextTokenIndex, -1);
    if (missing.length > 0) await sequence.controlledEvaluate(missing);
    const [next] = await sequence.controlledEvaluate([[prompt.at(-1)!, { generateNext: options }]]);
    return next!.next;
  }

  const read: ReadNext = async (look) => {
    reads += 1;
    return (await output({ probabilities: true, ...(look && { options: look }) })).probabilities!;
  };

  it('gives the same bits without the tokens that count nothing, in one evaluation', async () => {
    const ranked = [...(await read()).keys()] as Token[];
    const likely = ranked.slice(0, 30);
    const whole = await choiceProbabilities(likely, SMALL, read, biasOf);
    reads = 0;
    assert.deepEqual(await choiceProbabilities(likely, LARGE, read, biasOf), whole);
    assert.equal(reads, 1);
  });

  it('finds what is less likely than that by lifting it, up to a rounding', async () => {
    const ranked = [...(await read()).keys()] as Token[];
    const some = [ranked[0]!, ...ranked.slice(-40), ranked[1]!, ranked.at(-1)!];
    const whole = await choiceProbabilities(some, SMALL, read, biasOf);
    assert.ok(Math.min(...whole) < 5e-8 * whole[0]!, 'expected options that need it');
    reads = 0;
    const found = await choiceProbabilities(some, LARGE, read, biasOf);
    assert.equal(reads, 2);
    for (const [at, p] of whole.entries())
      assert.ok(Math.abs(found[at]! / p - 1) < 1e-4, `${found[at]}, ${p}`);
  });

  it('samples the same tokens from a large vocabulary where top-p cuts, and loses none where it does not', async () => {
    assert.ok(isLargeVocabulary(LARGE) && !isLargeVocabulary(SMALL));
    for (let seed = 0; seed < 40; seed++) {
      const [small, large] = [SMALL, LARGE].map((size) => ({
        token: true,
        options: { ...samplingOf(size, 1, 0.95), seed },
      }));
      assert.equal((await output(large!)).token, (await output(small!)).token);
    }
    const kept = await output({ probabilities: true, options: { ...samplingOf(LARGE, 1, 1), seed: 1 } });
    assert.equal(kept.probabilities!.size, SMALL);
  });
});
