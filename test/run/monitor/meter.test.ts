import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CountedEvent, MeasuredEvent } from '../../../src/run/events.js';
import { type Meter, startMeter } from '../../../src/run/monitor/meter.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';
import { type SimulatedClock, simulatedClock } from '../../helpers/simulatedClock.js';

const KEPT = { rowsIn: 1, kept: 1, dropped: 0, rejected: 0 };

interface Metered {
  clock: SimulatedClock;
  counted: CountedEvent[];
  measured: MeasuredEvent[];
  meter: Meter;
}

function metered(): Metered {
  const clock = simulatedClock(5_000);
  const counted: CountedEvent[] = [];
  const measured: MeasuredEvent[] = [];
  const meter = startMeter({
    ...{ clock, nowMs: clock.nowMs },
    emit: (event) => counted.push(event),
    onMeasured: (event) => measured.push(event),
  });
  return { clock, counted, measured, meter };
}

test('rows that are decided one by one are told together, five times a second at most', async () => {
  const { clock, counted, meter } = metered();
  for (let at = 0; at < 1000; at++) {
    meter.count('judge', KEPT);
    await clock.until(clock.sleep(1));
  }
  await clock.until(clock.sleep(300));
  assert.ok(counted.length <= 6, `${counted.length} events`);
  const rows = counted.map(({ counts }) => counts.kept);
  assert.equal(
    rows.reduce((sum, kept) => sum + kept, 0),
    1000,
  );
  meter.stop();
});

test('each second it tells how the run stands, and once more at its end', async () => {
  const { clock, measured, meter } = metered();
  await clock.until(clock.sleep(1_500));
  const gate = { issued: 40, watermark: 10 };
  meter.startsAfter({ starts: 1, wallS: 9, models: {} });
  meter.opened(() => ({ tiny: scriptedModel().stats() }));
  meter.flows(gate, 7);
  meter.count('judge', { rowsIn: 3, kept: 2, dropped: 1, rejected: 0 });
  await clock.until(clock.sleep(1_000));
  meter.delivered(20, 12);
  meter.count('judge', KEPT);
  meter.end();
  meter.end();
  const seen = measured.map(({ elapsedS, inFlight, kept, steps }) => [
    ...[elapsedS, inFlight, kept, steps['judge']?.rowsIn],
  ]);
  assert.deepEqual(seen, [
    [1, 0, 0, undefined],
    [2, 30, 7, 3],
    [2.5, 20, 12, 4],
  ]);
  const last = measured.at(-1)!;
  assert.deepEqual([last.isLast, last.before.wallS, Object.keys(last.models)], [true, 9, ['tiny']]);
  assert.deepEqual([meter.totals().starts, meter.totals().wallS], [2, 11.5]);
  await clock.until(clock.sleep(5_000));
  assert.equal(measured.length, 3);
});

test('a run without a clock is told its counts at once, and measured at its end', () => {
  const counted: CountedEvent[] = [];
  const measured: MeasuredEvent[] = [];
  const meter = startMeter({
    ...{ nowMs: () => 0, emit: (event) => counted.push(event) },
    onMeasured: (event) => measured.push(event),
  });
  meter.count('judge', KEPT);
  assert.equal(counted.length, 1);
  meter.end();
  assert.deepEqual([counted.length, measured.length], [1, 1]);
});
