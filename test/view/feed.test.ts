import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_TOTALS } from '../../src/run/monitor/totals.js';
import type { RunEvent } from '../../src/run/events.js';
import { createFeed } from '../../src/view/feed.js';

const AT = '2026-01-02T03:04:05.678Z';
const STARTED: RunEvent = { event: 'started', file: 'a.yaml', name: 'a', identity: '', seed: 7 };
const FLOWING: RunEvent = { event: 'flowing', from: 0, kept: 0, models: [], steps: ['one'] };

function measured(elapsedS: number): RunEvent {
  const steps = { one: { rowsIn: elapsedS, kept: elapsedS, dropped: 0, rejected: 0 } };
  return {
    ...{ event: 'measured', elapsedS, issued: 9, watermark: 1, inFlight: 8, kept: 1, steps, models: {} },
    before: NO_TOTALS,
  };
}

test('events become a state, lines and points; a new start begins anew, and the log stays', () => {
  const feed = createFeed();
  const heard: string[] = [];
  feed.listen({
    onLine: ({ event }) => void heard.push(`line ${String(event['event'])}`),
    onPoint: ({ inFlight }) => void heard.push(`point ${inFlight}`),
    onRow: ({ seq }) => void heard.push(`row ${seq}`),
    onFolder: () => void heard.push('folder'),
    onChange: () => {},
  });
  for (const event of [STARTED, FLOWING, measured(1)]) feed.take(event, AT);
  feed.take({ event: 'paused', isPaused: true }, AT);
  feed.take({ event: 'committed', next: 5, kept: 4 }, AT);
  feed.take({ event: 'keptRow', seq: 3, texts: { question: 'Why?' } }, AT);
  feed.take({ event: 'lost', lost: [{ step: 'one', kind: 'dropped', reason: 'x', rows: 1 }] }, AT);
  assert.deepEqual(heard, [
    'line started',
    'line flowing',
    'folder',
    'point 8',
    'line paused',
    'line committed',
    'folder',
    'row 3',
  ]);
  const { state, isPaused, points, rows } = feed.now();
  assert.deepEqual(rows, [{ seq: 3, texts: { question: 'Why?' } }]);
  assert.deepEqual(
    [state.phase, state.kept, isPaused, points.length, 'samples' in state],
    ['flowing', 4, true, 1, false],
  );
  feed.take(STARTED, AT);
  assert.deepEqual([feed.now().state.phase, feed.now().points, feed.now().log.length], ['opening', [], 5]);
});

test('a long run keeps a bounded log and bounded points, over all of its time', () => {
  const feed = createFeed();
  for (const event of [STARTED, FLOWING]) feed.take(event, AT);
  for (let second = 1; second <= 20_000; second++) {
    feed.take(measured(second), AT);
    feed.take({ event: 'committed', next: second, kept: second }, AT);
  }
  const { points, log } = feed.now();
  assert.ok(points.length <= 1200 && points.length > 500, `${points.length}`);
  assert.ok(points[0]!.elapsedS < 100 && points.at(-1)!.elapsedS > 19_900);
  assert.equal(log.length, 400);
});
