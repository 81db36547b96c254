import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { words } from '../../../../src/operators/lib/words.js';
import { type Shingles, shinglesReader } from '../../../../src/operators/lib/near/shingles.js';
import { shingleSet } from '../../../../bench/dedup/truth.js';

const read = shinglesReader({ ignoreNumbers: false });

/** A copy, because the reader uses its memory again. */
function copied({ keyLow, keyHigh, count, hashes }: Shingles): [number, number, number[]] {
  return [keyLow, keyHigh, [...hashes.subarray(0, count)]];
}

test('as many distinct shingles as 3-grams of words, and the same ones for the same words alone', () => {
  const text = fc.array(fc.constantFrom(...'abcdé'), { maxLength: 30 }).map((all) => all.join(' '));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [left, right] = [copied(read(a)), copied(read(b))];
      const [leftSet, rightSet] = [shingleSet(words(a)), shingleSet(words(b))];
      assert.equal(left[2].length, leftSet.size);
      const shared = left[2].filter((hash) => right[2].includes(hash)).length;
      assert.equal(shared, [...leftSet].filter((shingle) => rightSet.has(shingle)).length);
      assert.equal(left[0] === right[0] && left[1] === right[1], a === b);
    }),
    { numRuns: 200 },
  );
});

test('texts longer than the memory so far, and empty ones behind them, have a shingle too', () => {
  assert.equal(read('ab 7 '.repeat(20_000)).count, 2);
  const numbers = Array.from({ length: 5000 }, (_, at) => String(at)).join(' ');
  assert.equal(read(numbers).count, 4998);
  assert.equal(read('').count, 1);
  assert.notDeepEqual(copied(read('two words')), copied(read('words two')));
});
