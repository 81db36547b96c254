import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createIntSet } from '../../../../src/operators/lib/near/intSet.js';

test('tells what was added since it was emptied, as a Set does', () => {
  const set = createIntSet();
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());
  fc.assert(
    fc.property(fc.array(value, { maxLength: 400 }), (values) => {
      const expected = new Set<number>();
      set.clear(values.length);
      for (const each of values) {
        assert.equal(set.add(each), !expected.has(each));
        expected.add(each);
      }
    }),
    { numRuns: 60 },
  );
});
