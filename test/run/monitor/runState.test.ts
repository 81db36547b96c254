import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../../src/run/events.js';
import { type RunState, newRunState, nextRunState } from '../../../src/run/monitor/runState.js';
import { flowingEvent, measuredEvent } from './events.js';

function after(...events: RunEvent[]): RunState {
  return events.reduce(nextRunState, newRunState());
}

const kept = (step: string, rows: number): RunEvent => ({
  ...{ event: 'counted', step },
  counts: { rowsIn: rows, kept: rows, dropped: 0, rejected: 0 },
});
const dropped = (step: string, rows: number): RunEvent => ({
  ...{ event: 'counted', step },
  counts: { rowsIn: rows, kept: 0, dropped: rows, rejected: 0 },
});

test('rows move the progress before their batch does, towards the target', () => {
  const begun = after(flowingEvent({ target: 100, kept: 20 }));
  assert.deepEqual([begun.progress, begun.remainingS], [0.2, null], 'what earlier starts kept is done');
  const moved = [kept('generate', 32), dropped('filter', 2), kept('respond', 10)].reduce(nextRunState, begun);
  assert.deepEqual([moved.finished, moved.kept, moved.progress], [30, 20, 0.3]);
  const past = nextRunState(moved, kept('respond', 500));
  assert.deepEqual([past.finished, past.progress], [100, 1], 'rows past the target count no more');
});

test('with a limit, lost rows are done as well; where a step makes rows, the watermark tells', () => {
  const flowing = flowingEvent({ limit: 100 });
  const plain = after(
    flowing,
    kept('generate', 40),
    dropped('filter', 5),
    kept('filter', 35),
    kept('respond', 5),
  );
  assert.equal(plain.progress, 0.1);
  const made: RunEvent = {
    ...{ event: 'counted', step: 'filter' },
    counts: { rowsIn: 10, kept: 30, dropped: 0, rejected: 0 },
  };
  const delivered: RunEvent = { event: 'delivered', watermark: 8, kept: 24 };
  assert.equal(after(flowing, made, kept('respond', 30), delivered).progress, 0.08);
});

test('the run ends at whatever comes first; without target and limit nobody knows when', () => {
  const both = after(flowingEvent({ target: 100, limit: 50 }), kept('respond', 25));
  assert.equal(both.progress, 0.5);
  const neither = after(flowingEvent(), kept('respond', 25));
  assert.deepEqual([neither.progress, neither.remainingS], [null, null]);
});

test('the time that is left follows from the rates of the last half minute', () => {
  const steps = { respond: { rowsIn: 20, kept: 20, dropped: 0, rejected: 0 } };
  const state = after(
    flowingEvent({ target: 100 }),
    measuredEvent({ elapsedS: 10, steps, issued: 60, watermark: 16, inFlight: 44, kept: 16 }),
  );
  assert.deepEqual([state.rates.rowsPerS, state.remainingS, state.inFlight], [2, 40, 44]);
  let standing = state;
  for (let atS = 11; atS < 60; atS++)
    standing = nextRunState(standing, measuredEvent({ elapsedS: atS, steps, kept: 16 }));
  assert.deepEqual([standing.rates.rowsPerS, standing.remainingS], [0, null], 'a run that stands never ends');
});

test('totals are those of all starts', () => {
  const asked = {
    ...{ requests: 6, retries: 1, failures: 0, promptTokens: 60, completionTokens: 20 },
    ...{ cachedTokens: 0, serverS: 0, storeHits: 5 },
  };
  const before = { starts: 2, wallS: 100, models: { m: asked } };
  const { total, models } = after(flowingEvent(), measuredEvent({ elapsedS: 10, before }));
  assert.deepEqual([total.starts, total.wallS, total.models['m']!.requests], [3, 110, 10]);
  assert.equal(models['m']!.requests, 4);
});

test('it says what is waited for: models, servers with their last line, workers, a server that is out of reach', () => {
  assert.deepEqual(newRunState().waits, [{ kind: 'models' }]);
  const starting = { event: 'starting', model: 'm' } as const;
  const waiting = after(
    { ...starting, waitedS: 1, line: '' },
    { ...starting, waitedS: 31, line: 'Loading weights' },
    { event: 'listening', url: 'http://127.0.0.1:7000', workers: 2 },
  );
  assert.deepEqual(waiting.waits, [
    { kind: 'models' },
    { kind: 'server', model: 'm', waitedS: 31, line: 'Loading weights' },
    { kind: 'workers' },
  ]);
  const flowing = nextRunState(waiting, flowingEvent());
  assert.deepEqual(flowing.waits, [{ kind: 'workers' }]);
  const joined = nextRunState(flowing, { event: 'workerJoined', worker: 'host/1', workers: 1 });
  assert.deepEqual([joined.waits, joined.workers!.count], [[], 1]);
  const stats = { ...measuredEvent().models['m']!, trouble: 'it cannot be reached' };
  const troubled = nextRunState(joined, measuredEvent({ models: { m: stats } }));
  assert.deepEqual(troubled.waits, [{ kind: 'trouble', model: 'm', trouble: 'it cannot be reached' }]);
  assert.deepEqual(nextRunState(troubled, measuredEvent()).waits, []);
});

test('a training shows what it reported last, and its first loss', () => {
  const training = { kind: 'training', label: 'qft' } as const;
  const measured = (loss: number): RunEvent => ({
    ...{ event: 'trainingMeasured', ...training, metrics: { loss, epoch: 1 } },
  });
  const state = after(
    { event: 'trainingLaunched', ...training, command: ['python'], logPath: 'log.txt' },
    measured(3),
    measured(2),
  );
  assert.deepEqual(state.trainings, [
    { ...training, isEnded: false, metrics: { loss: 2, epoch: 1 }, lossFirst: 3 },
  ]);
});

test('a state stays small, and is plain data, however long the run lasts', () => {
  let state = after(flowingEvent({ target: 1_000_000 }));
  for (let atS = 1; atS <= 5_000; atS++) {
    state = nextRunState(state, kept('respond', 3));
    state = nextRunState(state, measuredEvent({ elapsedS: atS, kept: 3 * atS }));
    if (atS % 100 === 0) state = nextRunState(state, { event: 'committed', next: 3 * atS, kept: 3 * atS });
  }
  const text = JSON.stringify(state);
  assert.ok(text.length < 20_000, `${text.length} characters`);
  assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(structuredClone(state))));
  assert.equal(state.committed!.kept, 15_000);
});
