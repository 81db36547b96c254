import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactNearDuplicates } from '../../../../bench/dedup/truth.js';
import { madeQuestions } from '../../../../bench/dedup/texts.js';
import { createBands } from '../../../../src/operators/lib/near/bands.js';
import { createFingerprints } from '../../../../src/operators/lib/near/fingerprint.js';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { createNearIndex } from '../../../../src/operators/lib/near/nearIndex.js';
import { shinglesReader } from '../../../../src/operators/lib/near/shingles.js';

function indexOf(threshold: number, memoryMiB = 64) {
  const bands = createBands(threshold);
  const read = shinglesReader({ ignoreNumbers: false });
  const fingerprints = createFingerprints(bands);
  const budget = createMemoryBudget(memoryMiB, () => 'texts');
  const index = createNearIndex(threshold, bands, budget);
  return {
    index,
    budget,
    add: (text: string) => index.add(fingerprints.of(read(text))),
    find(text: string) {
      const shingles = read(text);
      return index.find(shingles, fingerprints.of(shingles));
    },
  };
}

for (const threshold of [0.7, 0.8]) {
  test(`at ${threshold}: of made word problems it finds those that exact search finds, and hardly others`, () => {
    const texts = madeQuestions(6000, 3);
    const truth = exactNearDuplicates(texts, threshold);
    const { add, find } = indexOf(threshold);
    const found = texts.map((text) => {
      const isNear = find(text) !== null;
      if (!isNear) add(text);
      return isNear;
    });
    const both = found.filter((isFound, row) => isFound && truth[row]).length;
    const [recall, precision] = [truth, found].map((all) => both / all.filter(Boolean).length);
    assert.ok(truth.filter(Boolean).length > 300);
    assert.ok(recall! >= 0.98 && precision! >= 0.98, `recall ${recall}, precision ${precision}`);
  });
}

const BASE = Array.from(
  { length: 40 },
  (_, at) => 'abcdefghij'[at % 10]! + 'klmno'[at % 5]! + 'pqrstuvw'[at % 8]!,
);

test('of several stored texts the most similar one is found, of equal ones the first', () => {
  const { index, add, find } = indexOf(0.5);
  add(BASE.with(20, 'y').join(' '));
  add(BASE.with(39, 'x').join(' '));
  add(BASE.with(0, 'z').with(20, 'y').join(' '));
  add(BASE.with(39, 'x').join('  '));
  assert.deepEqual(find(BASE.with(39, 'x').join(' ')), { row: 1, similarity: 1 });
  assert.equal(find('another text altogether'), null);
  assert.equal(index.size, 4);
});

test('an empty index finds nothing; short and empty texts are found too', () => {
  const { add, find } = indexOf(0.8);
  assert.equal(find(''), null);
  add('two words');
  assert.equal(find('Two words!')?.row, 0);
  assert.equal(find('words two'), null);
  assert.equal(find(''), null);
});

test('the work for one text does not grow with the stored texts that are nearly similar enough', () => {
  const variant = (number: number): string => BASE.with(5, `n${'abcdefgh'[number % 8]}${number}`).join(' ');
  const msAmong = (stored: number): number => {
    const { add, find } = indexOf(0.5);
    for (let number = 0; number < stored; number++) add(variant(number));
    const started = process.cpuUsage();
    for (let number = 20_000; number < 20_500; number++) assert.ok(find(variant(number)) !== null);
    return process.cpuUsage(started).user / 1000;
  };
  msAmong(1000);
  const [few, many] = [msAmong(1000), msAmong(10_000)];
  assert.ok(many < 4 * few, `${few} ms among 1,000, ${many} ms among 10,000`);
});

test('a budget that is used up is an error with a code, before memory is taken', () => {
  const { add, index, budget } = indexOf(0.8, 1);
  const fill = (): void => {
    for (let row = 0; row < 100_000; row++) add(`question ${row} of ${row * 3} and ${row * 5} or ${row * 7}`);
  };
  assert.throws(fill, { code: 'ERR_MEMORY' });
  assert.ok(index.size > 1000);
  assert.ok(budget.bytes <= 2 ** 20);
});
