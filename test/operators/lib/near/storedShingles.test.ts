import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jaccard, shingleSet } from '../../../../bench/dedup/truth.js';
import { createBands } from '../../../../src/operators/lib/near/bands.js';
import { createFingerprints } from '../../../../src/operators/lib/near/fingerprint.js';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { shinglesReader } from '../../../../src/operators/lib/near/shingles.js';
import { createStoredShingles } from '../../../../src/operators/lib/near/storedShingles.js';
import { words } from '../../../../src/operators/lib/words.js';

const read = shinglesReader({ ignoreNumbers: false });
const fingerprints = createFingerprints(createBands(0.5));

function storeOf(texts: readonly string[], threshold: number) {
  const budget = createMemoryBudget(64, () => 'texts');
  const store = createStoredShingles(threshold, budget);
  for (const text of texts) store.add(fingerprints.of(read(text)));
  return { budget, store };
}

const word = fc.constantFrom(...'abcdefghijklmnop');
const text = fc.array(word, { minLength: 1, maxLength: 60 }).map((all) => all.join(' '));

test('short texts: the exact Jaccard similarity where it reaches the threshold, 0 elsewhere', () => {
  const near = fc.tuple(text, fc.nat(59), word).map(([base, at, other]) => {
    const all = base.split(' ');
    return all.with(at % all.length, other).join(' ');
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(text, near), { minLength: 1, maxLength: 12 }), text, (stored, asked) => {
      for (const threshold of [0.05, 0.5, 1]) {
        const { store } = storeOf(stored, threshold);
        store.compareWith(read(asked));
        stored.forEach((other, row) => {
          const exact = jaccard(shingleSet(words(asked)), shingleSet(words(other)));
          assert.equal(store.similarity(row), exact >= threshold ? exact : 0);
        });
      }
    }),
    { numRuns: 60, seed: 3 },
  );
});

test('long texts: an estimate, whichever of the two is the longer one', () => {
  const long = Array.from({ length: 4000 }, (_, at) => `w${at}`);
  const cut = long.slice(0, 3200);
  for (const [stored, asked] of [
    [long, cut],
    [cut, long],
  ] as const) {
    const { store } = storeOf([stored.join(' ')], 0.5);
    store.compareWith(read(asked.join(' ')));
    assert.ok(Math.abs(store.similarity(0) - 0.8) < 0.12, `${store.similarity(0)}`);
  }
});

test('pieces: each text is found again behind thousands of others, and the budget knows the bytes', () => {
  const texts = Array.from({ length: 20_000 }, (_, row) => `row ${row} of ${row * 7} and ${row % 13} more`);
  const { store, budget } = storeOf(texts, 0.9);
  assert.equal(store.size, texts.length);
  for (let row = 0; row < texts.length; row += 501) {
    store.compareWith(read(texts[row]!));
    assert.equal(store.similarity(row), 1);
    assert.equal(store.similarity((row + 1) % texts.length), 0);
  }
  // Six shingles and a start each, and what is open at the end.
  assert.ok(budget.bytes >= 16 * texts.length && budget.bytes < 23 * texts.length, `${budget.bytes}`);
});
