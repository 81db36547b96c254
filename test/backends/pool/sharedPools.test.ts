import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { startEndpoint } from '../../../bench/endpoint/start.js';
import type { Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { type SharedPools, createSharedPools } from '../../../src/backends/pool/sharedPools.js';

const endpoint = await startEndpoint({ timeScale: 0, latencyMs: 30 });
after(() => endpoint.close());

function role(name: string, pools: SharedPools, limit: number): Promise<Model> {
  const openai = { replicas: [`${endpoint.url}/v1`], model: 'm', requestsInFlightMax: limit };
  return openModel(name, { openai }, { env: {}, folder: '.', pools });
}

function askAll(model: Model, count: number, log: string[] = []): Promise<unknown>[] {
  return Array.from({ length: count }, async (_, seq) => {
    const message = { kind: 'user', text: `${model.name} ${seq}` } as const;
    await model.complete({ seq, message, n: 1, tokensMax: 8, temperature: 1, topP: 1, seed: seq });
    log.push(`${seq}`);
  });
}

it('roles with the same servers share one limit, and the oldest row goes first whichever role it asks', async () => {
  const pools = createSharedPools();
  const [judge, solver] = [await role('judge', pools, 4), await role('solver', pools, 4)];
  const order: string[] = [];
  const calls = [...askAll(judge, 12, order), ...askAll(solver, 12, order)];
  await Promise.resolve();
  let most = 0;
  const watch = setInterval(
    () => (most = Math.max(most, judge.stats().inFlight + solver.stats().inFlight)),
    1,
  );
  await Promise.all(calls);
  clearInterval(watch);
  assert.equal(most, 4);
  // The first four were the judge's; of what waited, row for row, each role had its turn.
  const rows = order.slice(4).map(Number);
  assert.ok(
    rows.every((row, at) => at < 4 || row >= rows[at - 4]! - 1),
    order.join(' '),
  );
  await Promise.all([judge.close(), solver.close()]);
});

it('closing one role leaves the other its pool; closing the last one closes it', async () => {
  const pools = createSharedPools();
  const [judge, solver] = [await role('judge', pools, 4), await role('solver', pools, 4)];
  const cut = askAll(judge, 8);
  const kept = askAll(solver, 8);
  await judge.close();
  for (const outcome of await Promise.allSettled(cut)) {
    assert.equal(outcome.status, 'rejected');
    assert.equal((outcome.reason as { code: string }).code, 'ERR_CANCELLED');
  }
  await Promise.all(kept);
  await solver.close();
  await assert.rejects(Promise.all(askAll(solver, 1)), { code: 'ERR_CANCELLED' });
});
