import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Metered, afterEvent, notMetered } from '../../src/metrics/meter.js';
import type { RunEvent } from '../../src/run/events.js';

function after(...events: RunEvent[]): Metered {
  return events.reduce(afterEvent, notMetered(['generate', 'respond']));
}

test('rows are added up by step; a step that is not in the plan is none', () => {
  const counts = { rowsIn: 5, kept: 3, dropped: 1, rejected: 1 };
  const { steps } = after(
    { event: 'counted', step: 'respond', counts },
    { event: 'counted', step: 'respond', counts },
    { event: 'counted', step: 'constructor', counts },
  );
  assert.deepEqual(steps, {
    generate: { rowsIn: 0, kept: 0, dropped: 0, rejected: 0 },
    respond: { rowsIn: 10, kept: 6, dropped: 2, rejected: 2 },
  });
});

test('a run that goes on begins with the rows of its earlier starts', () => {
  const flowing: RunEvent = { event: 'flowing', from: 40, kept: 30, models: [], steps: [] };
  const begun = after(flowing);
  assert.deepEqual([begun.sourceRows, begun.rowsKept, begun.rowsCommitted], [40, 30, 30]);
  const later = after(
    flowing,
    { event: 'delivered', watermark: 50, kept: 37 },
    { event: 'committed', next: 45, kept: 33 },
  );
  assert.deepEqual([later.sourceRows, later.rowsKept, later.rowsCommitted, later.commits], [50, 37, 33, 1]);
});

test('the phase follows the run to its end', () => {
  const flowing: RunEvent = { event: 'flowing', from: 0, kept: 0, models: [], steps: [] };
  const launched: RunEvent = {
    ...{ event: 'trainingLaunched', kind: 'training', label: 'train' },
    ...{ command: [], logPath: '' },
  };
  const phases = [[], [flowing], [flowing, launched]].map((events) => after(...events).phase);
  assert.deepEqual(phases, ['starting', 'flowing', 'training']);
  assert.equal(after(flowing, { event: 'failed', code: 'ERR_MEMORY', message: '' }).phase, 'failed');
});

test('workers and skipped lines are counted', () => {
  const { workers, linesSkipped } = after(
    { event: 'workerJoined', worker: 'a', workers: 1 },
    { event: 'workerJoined', worker: 'b', workers: 2 },
    { event: 'workerLeft', worker: 'a', workers: 1, units: 0, reason: '' },
    { event: 'skippedLine', file: 'f', line: 3, message: '' },
  );
  assert.deepEqual([workers, linesSkipped], [1, 1]);
});

test('lost rows add up by step, kind and reason; beyond 32 reasons of a step they are `other`', () => {
  let metered = notMetered(['custom']);
  const lost = Array.from({ length: 40 }, (_, at) => ({
    ...({ step: 'custom', kind: 'dropped' } as const),
    ...{ reason: `reason${at}`, rows: 1 },
  }));
  for (let round = 0; round < 2; round++) metered = afterEvent(metered, { event: 'lost', lost });
  assert.equal(metered.lost.length, 33);
  assert.deepEqual(metered.lost[31], { step: 'custom', kind: 'dropped', reason: 'reason31', rows: 2 });
  assert.deepEqual(metered.lost[32], { step: 'custom', kind: 'dropped', reason: 'other', rows: 16 });
});
