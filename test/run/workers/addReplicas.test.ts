import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaStats } from '../../../src/backends/model.js';
import { addReplicas } from '../../../src/run/workers/addReplicas.js';

function replica(url: string, state: ReplicaStats['state']): ReplicaStats {
  return {
    ...{ url, state, limit: 8, outstanding: 3, inFlight: 2, requests: 10, failures: 1 },
    ...{ promptTokens: 100, completionTokens: 50 },
  };
}

test('what workers know of one server adds up, and the worst is told', () => {
  const one = [replica('a', 'closed'), replica('b', 'ejected')];
  const other = [replica('a', 'open'), replica('b', 'halfOpen'), replica('c', 'closed')];
  const doubled = { limit: 16, outstanding: 6, inFlight: 4, requests: 20, failures: 2 };
  const tokens = { promptTokens: 200, completionTokens: 100 };
  assert.deepEqual(addReplicas(one, other), [
    { url: 'a', state: 'open', ...doubled, ...tokens },
    { url: 'b', state: 'ejected', ...doubled, ...tokens },
    replica('c', 'closed'),
  ]);
  assert.equal(addReplicas(one, undefined), one);
  assert.equal(addReplicas(undefined, other), other);
  assert.equal(addReplicas(undefined, undefined), undefined);
});
