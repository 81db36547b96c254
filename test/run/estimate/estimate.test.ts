import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RunEstimate, estimateRun } from '../../../src/run/estimate/estimate.js';
import { observedIn } from '../../../src/run/estimate/observed.js';
import type { Likely } from '../../../src/run/estimate/sampling.js';
import { FIVE_STAGES, type Shape, simulateRun } from './simulatedRun.js';

const PILOT_ROWS = 50;
const PRICE = { currency: 'USD', in: 1, out: 4 };

interface Compared {
  estimate: RunEstimate;
  /** Name → estimate over truth, and whether the truth lies in the interval. */
  ratios: Record<'requests' | 'tokens' | 'hours' | 'money', { ratio: number; isInside: boolean }>;
}

/** An estimate from the first rows of a simulated run against the whole of it. */
async function compare(change: Partial<Shape>): Promise<Compared> {
  const shape = { ...FIVE_STAGES, ...change };
  const pilot = await simulateRun(shape, PILOT_ROWS);
  const whole = (await simulateRun(shape, shape.rows)).events.at(-1)!;
  const serversOf = (model: string): string => shape.shared[model] ?? model;
  const names = Object.keys(pilot.plan.models);
  const paid = Object.fromEntries(
    names.map((name) => [name, { price: PRICE, gpus: 1, servers: serversOf(name) }]),
  );
  const labels = pilot.plan.steps.map(({ label }) => label);
  const observed = observedIn(labels, pilot.events, serversOf)!;
  const estimate = estimateRun(observed, { rows: shape.rows, paid, servers: {}, seed: 1 });
  const stats = Object.values(whole.models);
  const sum = (pick: (one: (typeof stats)[number]) => number): number =>
    stats.reduce((all, one) => all + pick(one), 0);
  const ratioOf = ({ mean, low, high }: Likely, truth: number) => ({
    ratio: mean / truth,
    isInside: truth >= low && truth <= high,
  });
  return {
    estimate,
    ratios: {
      requests: ratioOf(
        estimate.requests,
        sum(({ requests }) => requests),
      ),
      tokens: ratioOf(
        estimate.tokens,
        sum(({ promptTokens, completionTokens }) => promptTokens + completionTokens),
      ),
      hours: ratioOf(estimate.hours, whole.elapsedS / 3600),
      money: ratioOf(
        estimate.money['USD']!,
        sum(
          ({ promptTokens, completionTokens }) =>
            (promptTokens * PRICE.in + completionTokens * PRICE.out) / 1e6,
        ),
      ),
    },
  };
}

describe('estimateRun, from the first 50 rows of simulated runs of five stages', () => {
  it('is within 15 % for requests, tokens, money and hours, and names the bottleneck', async () => {
    for (const seed of [1, 2, 3]) {
      const { estimate, ratios } = await compare({ seed });
      for (const [name, { ratio, isInside }] of Object.entries(ratios)) {
        assert.ok(Math.abs(ratio - 1) <= 0.15, `seed ${seed}: ${name} ${ratio}`);
        assert.ok(isInside || name === 'hours', `seed ${seed}: ${name} out of its interval`);
      }
      assert.deepEqual(estimate.servers[0]!.models, ['solver']);
      assert.equal(estimate.servers[0]!.isFull, true);
      assert.ok(estimate.servers[0]!.serversEnough > estimate.servers[1]!.serversEnough);
    }
  });

  it('holds the truth in its intervals for most seeds: a sample of 50 rows has an error, and it is said', async () => {
    let [inside, all] = [0, 0];
    for (let seed = 11; seed <= 22; seed++) {
      const { ratios } = await compare({ seed, rows: 400 });
      for (const name of ['requests', 'tokens', 'money'] as const) {
        all += 1;
        inside += Number(ratios[name].isInside);
      }
    }
    assert.ok(inside / all >= 0.85, `${inside} of ${all}`);
  });

  it('stays near where lengths have a long tail, a filter keeps 5 %, a row has one response, or two models share servers', async () => {
    const shapes: Record<string, Partial<Shape>> = {
      tail: { spread: 1.2, seed: 3 },
      strict: { solvable: 0.05, rows: 2000 },
      single: { n: 1, seed: 2 },
      shared: { shared: { judge: 'writer' }, seed: 3 },
    };
    for (const [name, shape] of Object.entries(shapes)) {
      const { ratios } = await compare(shape);
      assert.ok(Math.abs(ratios.requests.ratio - 1) <= 0.1, `${name}: requests ${ratios.requests.ratio}`);
      assert.ok(Math.abs(ratios.tokens.ratio - 1) <= 0.2, `${name}: tokens ${ratios.tokens.ratio}`);
      assert.ok(Math.abs(ratios.hours.ratio - 1) <= 0.35, `${name}: hours ${ratios.hours.ratio}`);
    }
  });

  it('says of servers that a pilot never filled that they may be faster, and its hours are too many', async () => {
    const { estimate, ratios } = await compare({
      engines: Object.fromEntries(Object.keys(FIVE_STAGES.engines).map((name) => [name, { slots: 1000 }])),
    });
    assert.ok(estimate.servers.every(({ isFull }) => !isFull));
    assert.ok(ratios.hours.ratio > 1);
  });

  it('counts what is asked for rows that are in flight when a target is reached', () => {
    const use = {
      requests: 100,
      promptTokens: 0,
      cachedTokens: 0,
      completionTokens: 1000,
      completionSquares: 1e4,
    };
    const observed = {
      ...{ rows: 100, wallS: 10 },
      steps: [{ step: 'ask', rowsIn: 100, kept: 50, uses: { m: { ...use, busyS: 100, storeHits: 0 } } }],
      servers: [{ models: ['m'], inFlight: 10, isFull: true }],
    };
    const paid = { m: { servers: 'm' } };
    const requestsOf = (more: object): number =>
      estimateRun(observed, { paid, servers: {}, seed: 1, ...more }).requests.mean;
    assert.equal(requestsOf({ rows: 400 }), 400);
    // 200 rows are needed and 512 may be in flight before the first is through: 312 more, half done.
    assert.equal(Math.round(requestsOf({ target: 100, windowRows: 512 })), 200 + 312 / 2);
    assert.equal(Math.round(requestsOf({ target: 100, rows: 240, windowRows: 512 })), 200 + 40 / 2);
    // A long run comes closer: two standard deviations of what its window keeps.
    const far = requestsOf({ target: 50_000, windowRows: 512 });
    assert.ok(Math.abs(far - (100_000 + (2 * Math.sqrt(256)) / 0.5 / 2)) < 1e-6, `${far}`);
  });
});
