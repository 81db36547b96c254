import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type WordHashes, wordHashesReader } from '../../../../src/operators/lib/near/wordHashes.js';
import { words } from '../../../../src/operators/lib/words.js';

const read = wordHashesReader({ ignoreNumbers: false });
const readWithout = wordHashesReader({ ignoreNumbers: true });

/** A copy, because the reader uses its memory again. */
function copied({ keyLow, keyHigh, count, hashes }: WordHashes): [number, number, number[]] {
  return [keyLow, keyHigh, [...hashes.subarray(0, count)]];
}

/** Behind a character that is not ASCII, and is no word, the same text is read the other way. */
function copiedSlowly(text: string, reader = read): [number, number, number[]] {
  return copied(reader(`${text} ¿`));
}

const PIECES = [
  'how',
  'Many',
  'x',
  '7',
  '12',
  '3.5',
  '1,000',
  '!',
  ')',
  '(',
  '.',
  ',',
  '-',
  '$',
  '#',
  '_',
  '\n',
];
const ascii = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.array(fc.constantFrom(...PIECES, ' ', ' '), { maxLength: 40 }).map((pieces) => pieces.join('')),
);

test('a text of ASCII is read to the same words as by `words`, with and without numbers', () => {
  fc.assert(
    fc.property(ascii, (text) => {
      assert.deepEqual(copied(read(text)), copiedSlowly(text));
      assert.equal(read(text).count, words(text).length);
      assert.deepEqual(copied(readWithout(text)), copiedSlowly(text, readWithout));
    }),
    { numRuns: 600 },
  );
});

test('without numbers, texts that differ in them alone are the same', () => {
  const texts = ['Tom has 3 apples.', 'Tom has 1,204.5 apples.', 'tom has ٣ apples'];
  const all = texts.map((text) => copied(readWithout(text)));
  assert.deepEqual(all[1], all[0]);
  assert.deepEqual(all[2], all[0]);
  assert.notDeepEqual(copied(readWithout('Tom has three apples.')), all[0]);
});

test('texts longer than the memory so far, and short ones behind them', () => {
  const long = 'ab 7 '.repeat(20_000);
  assert.deepEqual(copied(read(long)), copiedSlowly(long));
  assert.equal(read('').count, 0);
  assert.equal(read('é'.repeat(9000)).count, 1);
  assert.deepEqual(copied(read('What is 2 + 2?')), copiedSlowly('what IS 2+2'));
});
