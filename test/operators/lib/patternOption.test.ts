import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternOption, patternsOf } from '../../../src/operators/lib/patternOption.js';

test('a pattern is checked with the options, and compiled once for all rows', () => {
  assert.equal(patternOption.safeParse('^a+$').success, true);
  assert.match(patternOption.safeParse('a(?=b)').error!.issues[0]!.message, /no look-arounds/);
  const { matches, refuses } = patternsOf({ matches: '^a+$' });
  assert.deepEqual([matches!('aa'), matches!('ab'), refuses], [true, false, undefined]);
});
