import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linePeriodMs } from '../../../src/cli/show/output.js';

test('a log gets a line every ten seconds at first, and each minute in a long run', () => {
  assert.deepEqual([0, 300, 3600, 86_400].map(linePeriodMs), [10_000, 15_000, 60_000, 60_000]);
});
