import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMinHashIndex, minHashSignature } from '../../../src/operators/lib/minHashIndex.js';

/** Exact Jaccard similarity of the word 3-grams, by brute force. */
function jaccard(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [shingles(a), shingles(b)];
  const both = [...left].filter((shingle) => right.has(shingle)).length;
  return both / (left.size + right.size - both);
}

function shingles(tokens: readonly string[]): Set<string> {
  const count = Math.max(1, tokens.length - 2);
  return new Set(Array.from({ length: count }, (_, at) => tokens.slice(at, at + 3).join(' ')));
}

function estimate(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [minHashSignature(a), minHashSignature(b)];
  return left.filter((value, at) => value === right[at]).length / left.length;
}

const word = fc.integer({ min: 0, max: 400 }).map((number) => `w${number}`);
const text = fc.array(word, { minLength: 12, maxLength: 60 });

/** A text and a copy with some of its words replaced. */
const pair = fc
  .tuple(text, fc.array(fc.tuple(fc.nat(59), word), { maxLength: 12 }))
  .map(([tokens, edits]) => {
    const copy = [...tokens];
    for (const [at, replacement] of edits) copy[at % copy.length] = replacement;
    return [tokens, copy] as const;
  });

test('the estimate is the exact Jaccard similarity, give or take what 128 draws allow', () => {
  const errors: number[] = [];
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const error = estimate(a, b) - jaccard(a, b);
      errors.push(error);
      // Five standard deviations of a share of 128 draws at its widest.
      assert.ok(Math.abs(error) < 5 * 0.0442, `off by ${error}`);
    }),
    { numRuns: 400, seed: 1 },
  );
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const variance = errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
  assert.ok(Math.abs(mean) < 0.01, `a bias of ${mean}`);
  assert.ok(Math.sqrt(variance) < 0.045, `a standard deviation of ${Math.sqrt(variance)}`);
});

test('recall: near 1 well above the threshold; far below it nothing is found', () => {
  const threshold = 0.8;
  const counts = { above: 0, found: 0, below: 0, wrong: 0 };
  fc.assert(
    fc.property(pair, fc.array(text, { maxLength: 20 }), ([a, b], others) => {
      const exact = jaccard(a, b);
      const index = createMinHashIndex(threshold);
      for (const other of others) index.add(minHashSignature(other));
      index.add(minHashSignature(a));
      const found = index.find(minHashSignature(b))?.index === others.length;
      if (exact >= 0.92) {
        counts.above += 1;
        counts.found += Number(found);
      }
      if (exact <= 0.6) {
        counts.below += 1;
        counts.wrong += Number(found);
      }
    }),
    { numRuns: 800, seed: 2 },
  );
  assert.ok(counts.above > 40 && counts.below > 100, JSON.stringify(counts));
  assert.ok(counts.found / counts.above > 0.98, JSON.stringify(counts));
  assert.equal(counts.wrong, 0);
});

test('of several stored texts the most similar one is found', () => {
  const base = Array.from({ length: 40 }, (_, at) => `w${at}`);
  const near = base.with(39, 'x');
  const index = createMinHashIndex(0.5);
  index.add(minHashSignature(base.with(20, 'y')));
  index.add(minHashSignature(near));
  index.add(minHashSignature(base.with(0, 'z').with(20, 'y')));
  assert.deepEqual(index.find(minHashSignature(near)), { index: 1, similarity: 1 });
});

test('the index answers the same after it has grown', () => {
  const index = createMinHashIndex(0.8);
  const texts = Array.from({ length: 2500 }, (_, row) =>
    Array.from({ length: 12 }, (_, at) => `w${row}-${at}`),
  );
  for (const tokens of texts) index.add(minHashSignature(tokens));
  assert.equal(index.size, 2500);
  for (const row of [0, 1, 1023, 1024, 2047, 2048, 2499]) {
    assert.deepEqual(index.find(minHashSignature(texts[row]!)), { index: row, similarity: 1 });
  }
  assert.equal(index.find(minHashSignature(['w1', 'w2', 'w3', 'w4'])), null);
});

test('long texts without a common word are told apart as well as short ones', () => {
  const long = (prefix: string): string[] => Array.from({ length: 20_000 }, (_, at) => `${prefix}${at}`);
  assert.ok(estimate(long('a'), long('b')) < 0.03);
});

test('an empty index finds nothing; short and empty texts have a signature too', () => {
  const index = createMinHashIndex(0.8);
  assert.equal(index.find(minHashSignature([])), null);
  index.add(minHashSignature(['two', 'words']));
  assert.equal(index.find(minHashSignature(['two', 'words']))?.index, 0);
  assert.equal(index.find(minHashSignature(['words', 'two'])), null);
  assert.equal(index.find(minHashSignature([])), null);
});
