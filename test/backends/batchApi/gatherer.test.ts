import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Gathered, createGatherer } from '../../../src/backends/batchApi/gatherer.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

function gather(requestsPerBatchMax: number, gatherMs: number) {
  const clock = simulatedClock();
  const closing = new AbortController();
  const given: [string, number[]][] = [];
  const options = { requestsPerBatchMax, gatherMs };
  const gatherer = createGatherer<Gathered>(options, clock, closing.signal, (calls, path) =>
    given.push([path, calls.map(({ seq }) => seq)]),
  );
  return { gatherer, given, closing, clock };
}

const call = (seq: number, bytes = 2): Gathered => ({ seq, body: 'x'.repeat(bytes) });

describe('createGatherer', () => {
  it('gives a full batch at once, the oldest rows first', () => {
    const { gatherer, given, closing } = gather(3, 60_000);
    for (const seq of [9, 4, 7, 1]) gatherer.add(call(seq), '/p');
    assert.deepEqual(given, [['/p', [4, 7, 9]]]);
    assert.equal(gatherer.count(), 1);
    closing.abort(new Error('closed'));
  });

  it('counts bytes too', () => {
    const { gatherer, given, closing } = gather(100, 60_000);
    for (const seq of [1, 2, 3, 4, 5]) gatherer.add(call(seq, 13 * 2 ** 20), '/p');
    assert.deepEqual(given, [['/p', [1, 2, 3, 4]]]);
    closing.abort(new Error('closed'));
  });

  it('gives what there is when no call came for a while, and nothing once it is closed', async () => {
    const { gatherer, given, closing, clock } = gather(100, 10);
    gatherer.add(call(2), '/p');
    gatherer.add(call(1), '/p');
    assert.deepEqual(given, []);
    await clock.until(clock.sleep(60));
    assert.deepEqual(given, [['/p', [1, 2]]]);
    gatherer.add(call(3), '/p');
    closing.abort(new Error('closed'));
    await clock.until(clock.sleep(30));
    assert.equal(given.length, 1);
  });
});
