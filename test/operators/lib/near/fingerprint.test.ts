import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBands } from '../../../../src/operators/lib/near/bands.js';
import {
  type Fingerprint,
  SHINGLES_MAX,
  createFingerprints,
} from '../../../../src/operators/lib/near/fingerprint.js';
import { shinglesReader } from '../../../../src/operators/lib/near/shingles.js';

const read = shinglesReader({ ignoreNumbers: false });
const text = fc
  .array(fc.integer({ min: 0, max: 900 }), { maxLength: 700 })
  .map((numbers) => numbers.map((number) => `w ${number}`).join(' '));

function copied({ keyLow, keyHigh, bands, zeros, shingles, count }: Fingerprint) {
  return { keyLow, keyHigh, bands: [...bands], zeros, shingles: [...shingles.subarray(0, count)] };
}

for (const bands of [null, createBands(0.7), createBands(0.8)]) {
  test(`what is written is read again, with ${bands?.count ?? 'no'} bands`, () => {
    const fingerprints = createFingerprints(bands);
    const other = createFingerprints(bands);
    fc.assert(
      fc.property(text, (given) => {
        const expected = copied(fingerprints.of(read(given)));
        assert.deepEqual(copied(other.decode(fingerprints.encode())), expected);
      }),
      { numRuns: 40 },
    );
  });
}

test('of a long text a sample is kept, of a short one all', () => {
  const fingerprints = createFingerprints(createBands(0.8));
  for (const shingles of [1, 100, SHINGLES_MAX]) {
    const given = Array.from({ length: shingles + 2 }, (_, at) => String(at)).join(' ');
    assert.deepEqual([fingerprints.of(read(given)).zeros, fingerprints.of(read(given)).count], [0, shingles]);
  }
  const { zeros, count } = fingerprints.of(read(Array.from({ length: 5000 }, (_, at) => `w${at}`).join(' ')));
  assert.ok(zeros >= 4 && zeros <= 7 && count <= SHINGLES_MAX && count > 60, `${count} with ${zeros} zeros`);
});

test('a state that is no fingerprint is refused with its text', () => {
  const fingerprints = createFingerprints(createBands(0.8));
  for (const wrong of [
    'How many coins does she earn?',
    null,
    Buffer.alloc(0),
    Buffer.alloc(61),
    Buffer.alloc(4000),
  ]) {
    assert.throws(() => fingerprints.decode(wrong), {
      code: 'ERR_DATA_INVALID',
      message: /holds ("How|null|\d+ bytes)/,
    });
  }
  fingerprints.of(read('of other options'));
  const other = fingerprints.encode();
  assert.throws(() => createFingerprints(null).decode(other), { code: 'ERR_DATA_INVALID' });
});
