import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MixedResult, type Mix, drawCalls, runMixed } from '../../../bench/backends/mixedLoad.js';
import { createPool } from '../../../src/backends/pool/pool.js';
import { cases } from '../../helpers/texts/cases.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

/** In virtual time, so the figures are the same on every machine. */
async function run(slots: number, mix: Mix, told: { slots?: number }, lagMs = 500): Promise<MixedResult> {
  const world = { clock: simulatedClock(), createPool };
  const server = { slots, latencyMs: 1.5, metricsLagMs: lagMs };
  return runMixed(world, server, drawCalls(mix, 1), told);
}

describe('createPool, calls of five choices, of one and of one token, mixed', () => {
  const CASES = [
    { slots: 16, mix: { five: 60, one: 300, oneToken: 750 } },
    { slots: 256, mix: { five: 480, one: 2400, oneToken: 6000 } },
  ] as const;
  for (const { slots, mix } of CASES) {
    it(`keeps ${slots} slots busy, whether it is told of them or not`, async () => {
      const untold = await run(slots, mix, {});
      const told = await run(slots, mix, { slots });
      assert.ok(untold.busyWhileWaiting >= 0.97, `${untold.busyWhileWaiting} busy`);
      assert.ok(told.busyWhileWaiting >= 0.97, `${told.busyWhileWaiting} busy`);
      const ratio = untold.tookMs / told.tookMs;
      assert.ok(ratio <= 1.03, `${ratio} of the time`);
    });
  }

  it('keeps a server busy whose page never sees what runs: scores, and probabilities of one token', async () => {
    const SERVERS = [
      { slots: 256, one: 200, busyMin: 0.88 },
      { slots: 64, one: 0, busyMin: 0.93 },
    ];
    for (const { slots, one, busyMin } of SERVERS.slice(0, cases(1, 2))) {
      const { busyWhileWaiting } = await run(slots, { five: 0, one, oneToken: 30_000 }, {});
      assert.ok(busyWhileWaiting >= busyMin, `${busyWhileWaiting} busy of ${slots} slots`);
    }
  });

  it('has no long queue at a small server, after the first calls', async () => {
    const { sequencesMost } = await run(16, { five: 120, one: 0, oneToken: 0 }, {});
    assert.ok(sequencesMost <= 70, `${sequencesMost} sequences at once`);
  });
});
