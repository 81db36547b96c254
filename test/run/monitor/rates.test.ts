import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type RateSample,
  RATE_WINDOW_S,
  ratesOf,
  sampleOf,
  withSample,
} from '../../../src/run/monitor/rates.js';
import { measuredEvent } from './events.js';

function sampleAt(elapsedS: number, finished: number): RateSample {
  return { elapsedS, finished, done: 2 * finished, decided: { filter: 3 * finished }, models: {} };
}

test('rates are those of the last half minute, however long the run lasts', () => {
  let samples: readonly RateSample[] = [];
  for (let atS = 0; atS <= 1000; atS++) {
    // It slows down to a tenth.
    samples = withSample(samples, sampleAt(atS, atS <= 500 ? 10 * atS : 5000 + (atS - 500)));
    assert.ok(samples.length <= RATE_WINDOW_S + 2);
  }
  const rates = ratesOf(samples);
  assert.deepEqual([rates.rowsPerS, rates.positionsPerS, rates.decidedPerS['filter']], [1, 2, 3]);
});

test('measurements that came late still make a rate; one alone makes none', () => {
  const two = withSample(withSample([], sampleAt(1, 5)), sampleAt(101, 105));
  assert.equal(ratesOf(two).rowsPerS, 1);
  assert.equal(ratesOf([sampleAt(1, 5)]).rowsPerS, null);
  assert.equal(ratesOf([]).rowsPerS, null);
});

test('a model’s rates are of requests that were answered, and of their tokens', () => {
  const first = sampleOf(measuredEvent({ elapsedS: 1 }), { finished: 0, done: 0 });
  const stats = measuredEvent().models['m']!;
  const later = {
    ...stats,
    requests: 30,
    failures: 2,
    inFlight: 5,
    queued: 3,
    promptTokens: 240,
    storeHits: 10,
  };
  const event = measuredEvent({ elapsedS: 11, models: { m: later, fresh: stats } });
  const { models } = ratesOf([first, sampleOf(event, { finished: 0, done: 0 })]);
  assert.deepEqual(models['m'], {
    ...{ requestsPerS: 1.8, promptTokensPerS: 20, completionTokensPerS: 0, storeHitsPerS: 1 },
  });
  assert.equal(models['fresh']!.requestsPerS, 0.2);
});
