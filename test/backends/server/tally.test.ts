import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTally } from '../../../src/backends/server/tally.js';

test('answers add up, with their notes', () => {
  const tally = createTally();
  assert.equal(tally.hasAnswered(), false);
  tally.answered({ promptTokens: 3, completionTokens: 4 });
  tally.answered({ promptTokens: 1, completionTokens: 0, notes: ['odd'] });
  assert.equal(tally.hasAnswered(), true);
  assert.deepEqual([tally.counts.promptTokens, tally.counts.completionTokens], [4, 4]);
  assert.deepEqual(tally.notes.stats(), { notes: { odd: 1 } });
});
