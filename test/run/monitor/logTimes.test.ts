import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeasuredEvent } from '../../../src/run/events.js';
import { logTimes, loggedOf } from '../../../src/run/monitor/logTimes.js';
import { measuredEvent } from './events.js';

const DAY_S = 86_400;

/** Made once: a month has millions of seconds. */
const EVERY = measuredEvent({ elapsedS: 0 });

function linesOf(elapsedS: number, earlierS = 0): number {
  const isLogged = logTimes(earlierS);
  let lines = 0;
  for (let atS = 1; atS <= elapsedS; atS++) if (isLogged({ ...EVERY, elapsedS: atS })) lines += 1;
  return lines;
}

test('the first minute is logged by the second; a run of a month has some hundred lines more than one of a day', () => {
  assert.equal(linesOf(60), 60);
  assert.ok(linesOf(DAY_S) < 600, `${linesOf(DAY_S)} lines`);
  assert.ok(linesOf(30 * DAY_S) < 800, `${linesOf(30 * DAY_S)} lines`);
  assert.ok(linesOf(60, DAY_S) <= 2, 'a start that comes late has few lines too');
});

test('the last measurement of a start is always logged', () => {
  const isLogged = logTimes(DAY_S);
  assert.ok(isLogged(measuredEvent({ elapsedS: 1 })));
  assert.ok(!isLogged(measuredEvent({ elapsedS: 2 })));
  assert.ok(isLogged(measuredEvent({ elapsedS: 2.5, isLast: true })));
});

test('a line with very many replicas has none of them', () => {
  const replica = {
    ...{ url: 'http://10.0.0.1:8000/v1', state: 'closed' as const, limit: 8, outstanding: 1, inFlight: 1 },
    ...{ requests: 1, failures: 0, promptTokens: 1, completionTokens: 1 },
  };
  const withReplicas = (count: number): MeasuredEvent => {
    const event = measuredEvent({ elapsedS: 1 });
    const stats = { ...event.models['m']!, replicas: Array.from({ length: count }, () => replica) };
    return { ...event, models: { m: stats } };
  };
  assert.equal(loggedOf(withReplicas(100)).models['m']!.replicas!.length, 100);
  const long = loggedOf(withReplicas(1000)).models['m']!;
  assert.deepEqual([long.replicas, long.requests], [undefined, 4]);
});
