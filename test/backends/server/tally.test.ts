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
  assert.deepEqual(tally.uses.stats(), {});
});

test('what a step used is counted under its label, cached tokens over all', () => {
  const tally = createTally();
  tally.answered({ promptTokens: 3, completionTokens: 4, cachedTokens: 2 }, 'respond');
  tally.answered({ promptTokens: 1, completionTokens: 5 }, 'respond');
  tally.answered({ promptTokens: 1, completionTokens: 0 }, 'constructor');
  tally.answered({ promptTokens: 9, completionTokens: 9, cachedTokens: 1 });
  tally.uses.busy(250, 'respond');
  tally.uses.busy(100, undefined);
  const none = { requests: 1, promptTokens: 1, cachedTokens: 0, completionTokens: 0 };
  const { durations, ...uses } = tally.uses.stats();
  assert.equal(durations!.sumS, 0.35);
  assert.equal(
    durations!.counts.reduce((sum, count) => sum + count, 0),
    2,
  );
  assert.deepEqual(uses, {
    cachedTokens: 3,
    steps: {
      respond: {
        ...{ requests: 2, promptTokens: 4, cachedTokens: 2, completionTokens: 9 },
        ...{ completionSquares: 41, busyS: 0.25, storeHits: 0 },
      },
      constructor: { ...none, completionSquares: 0, busyS: 0, storeHits: 0 },
    },
  });
});

test('tokens of thoughts are counted apart, over all and by step, where a server counts them', () => {
  const tally = createTally();
  tally.answered({ promptTokens: 1, completionTokens: 9, reasoningTokens: 6 }, 'respond');
  tally.answered({ promptTokens: 1, completionTokens: 9, reasoningTokens: 2 }, 'respond');
  tally.answered({ promptTokens: 1, completionTokens: 9 }, 'judge');
  const { reasoningTokens, steps } = tally.uses.stats();
  assert.equal(reasoningTokens, 8);
  assert.equal(steps!['respond']!.reasoningTokens, 8);
  assert.ok(!('reasoningTokens' in steps!['judge']!));
});
