import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_TOTALS, totalsWith } from '../../../src/run/monitor/totals.js';

const asked = { requests: 3, retries: 1, failures: 1, promptTokens: 10, completionTokens: 20 };
const none = { cachedTokens: 0, serverS: 0, storeHits: 0 };

test('totals add up what models were asked in all starts; a model may be new, or asked no more', () => {
  const first = totalsWith(NO_TOTALS, 2.5, {
    a: { ...asked, storeHits: 4, cachedTokens: 6, serverS: 1.5, reasoningTokens: 7 },
    b: asked,
  });
  assert.deepEqual(first.models['b'], { ...asked, ...none });
  const second = totalsWith(first, 1, { a: { ...asked, reasoningTokens: 1 }, c: asked });
  assert.deepEqual([second.starts, second.wallS], [2, 3.5]);
  assert.deepEqual(second.models, {
    a: {
      ...{ requests: 6, retries: 2, failures: 2, promptTokens: 20, completionTokens: 40 },
      ...{ cachedTokens: 6, serverS: 1.5, storeHits: 4, reasoningTokens: 8 },
    },
    b: { ...asked, ...none },
    c: { ...asked, ...none },
  });
});
