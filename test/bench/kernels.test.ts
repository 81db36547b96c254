import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashResult } from '../../bench/kernels/kernel.js';
import { KERNELS } from '../../bench/kernels/kernels.js';
import { measureKernel } from '../../bench/kernels/measure.js';

const COUNT = 24;

/** What each kernel gives for COUNT units. Another hash means that the kernel, or its input, does something else. */
const HASHES: Record<string, string> = {
  seeds: '24d64e0f7c7f',
  requestKey: '5f2480a86e56',
  words: '6bfee0877fa4',
  shingles: '77c407e6d1fd',
  fingerprints: '05af756485a3',
  build: 'f1ef3642403b',
  take: 'ace81f038bf3',
  takeFew: 'f31729215ace',
  takeMost: '9580c935b87a',
  prompt: 'a956c21eab1d',
  verdict: 'af5fedcdf39e',
  answer: '1d71e993d818',
  reply: 'a697852153c7',
};

for (const kernel of KERNELS) {
  test(`${kernel.name}: runs, is measured, and gives what it gave before, as every other way does`, () => {
    const measured = measureKernel(kernel, { count: COUNT, seconds: 0.01, rounds: 1 });
    assert.ok(measured.every(({ opsPerS, unitsPerS }) => opsPerS > 0 && unitsPerS > opsPerS));
    assert.deepEqual(
      measured.map(({ hash }) => hash),
      measured.map(() => HASHES[kernel.name]),
    );
  });
}

test('the hash tells results apart, typed arrays too', () => {
  const hashes = [[1, 2], [2, 1], [Int32Array.of(1, 2)], [Int32Array.of(2, 1)], ['1', '2']].map(hashResult);
  assert.equal(new Set(hashes).size, hashes.length);
});

test('a kernel that fails is not measured as a fast one', () => {
  const prepare = () => ({
    run: () => {
      throw new Error('no kernel');
    },
  });
  const broken = { name: 'broken', unit: 'rows', count: 1, prepare };
  assert.throws(() => measureKernel(broken, { seconds: 0.01, rounds: 1 }), /no kernel/);
});
