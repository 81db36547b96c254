import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Engine, type EngineConfig, createEngine } from '../../../bench/endpoint/engine.js';
import { createLag } from '../../../bench/endpoint/metrics.js';
import { draftOf } from '../../../bench/endpoint/texts.js';
import {
  type Limit,
  type LimitOptions,
  type Ours,
  createLimit,
} from '../../../src/backends/pool/aimdLimit.js';
import { pollPeriodMs } from '../../../src/backends/pool/metricsPoller.js';
import type { ServerLoad } from '../../../src/backends/pool/serverLoad.js';
import { DOUBLING_POLL_PERIOD_MS } from '../../../src/backends/limits.js';

const LENGTHS = { meanTokens: 200, sigma: 0.5, capTokens: 1024 };
const TICK_MS = 50;

/** Calls of one sequence, at a server that answers too few of them in half a second for that to matter. */
function ours(outstanding: number): Ours {
  return { outstanding, calls: outstanding, answeredPerS: 0 };
}

interface Client {
  limit: Limit;
  out: number;
  nextPollMs: number;
}

type Page = (truth: ServerLoad, nowMs: number) => ServerLoad | null;

interface World {
  engine: Engine;
  clients: Client[];
  lagMs: number;
  page: Page;
  refused: number;
  /** At the last tick. */
  truth: ServerLoad;
  nowMs(): number;
  /** Lets time pass: each client always has more to ask than its limit. */
  pass(ms: number): void;
  /** Lets time pass until so many polls of the first client are over. */
  poll(count: number): void;
}

function setUp(
  config: Partial<EngineConfig>,
  options: Partial<LimitOptions> & { clients?: number } = {},
): World {
  const { clients: count = 1, ...limitOptions } = options;
  const engine = createEngine(config);
  const lag = createLag();
  const clients = Array.from({ length: count }, () => {
    return {
      limit: createLimit({ limitMax: 1024, ...limitOptions }),
      out: 0,
      nextPollMs: DOUBLING_POLL_PERIOD_MS,
    };
  });
  let nowMs = 0;
  let asked = 0;
  const world: World = {
    ...{ engine, clients, lagMs: 0, page: (truth) => truth, refused: 0, truth: { running: 0, waiting: 0 } },
    nowMs: () => nowMs,
    pass(ms) {
      for (const endMs = nowMs + ms; nowMs < endMs; nowMs += TICK_MS) tick();
    },
    poll(polls) {
      for (let seen = 0; seen < polls;) {
        if (nowMs >= clients[0]!.nextPollMs) seen += 1;
        tick();
        nowMs += TICK_MS;
      }
    },
  };

  function ask(client: Client, atMs: number): boolean {
    const { tokens } = draftOf(LENGTHS, asked++, 4096);
    const ticket = engine.submit([{ promptTokens: 40, tokens }], atMs, () => (client.out -= 1));
    if (ticket) {
      client.out += 1;
    } else {
      world.refused += 1;
      client.limit.refused();
    }
    return ticket !== null;
  }

  /** By turns, so that none of them is always first. */
  function askAll(atMs: number): void {
    let asking = clients;
    while (asking.length > 0) {
      asking = asking.filter((client) => client.out < client.limit.value && ask(client, atMs));
    }
  }

  function tick(): void {
    // An answer is followed by the next question at once.
    for (let atMs = engine.nextEventMs(); atMs <= nowMs; atMs = engine.nextEventMs()) {
      engine.advance(atMs);
      askAll(atMs);
    }
    const gauges = engine.gauges(nowMs);
    world.truth = gauges;
    lag.note(nowMs, gauges);
    for (const client of clients) {
      if (nowMs < client.nextPollMs) continue;
      client.nextPollMs = nowMs + pollPeriodMs(client.limit);
      const truth = world.lagMs > 0 ? lag.at(nowMs - world.lagMs) : gauges;
      client.limit.observe(world.page(truth, nowMs), ours(client.out));
    }
    askAll(nowMs);
  }
  return world;
}

function assertNear(value: number, slots: number, what: string): void {
  const fits = Math.abs(value / (1.1 * slots) - 1) <= 0.2;
  // Of few slots a tenth is less than one request.
  assert.ok(fits || Math.abs(value - 1.1 * slots) <= 1, `${what}: ${value} for ${slots} slots`);
}

function held(world: World, slots: number, what: string, polls = 30): void {
  const { limit } = world.clients[0]!;
  for (let seen = 0; seen < polls; seen++) {
    world.poll(1);
    assertNear(limit.value, slots, `${what}, ${seen} polls on`);
  }
}

describe('createLimit, steered by the server’s queue', () => {
  for (const slots of [8, 16, 32, 64, 100, 128, 256, 512]) {
    it(`finds ${slots} slots and holds them`, () => {
      const world = setUp({ slots });
      world.poll(40);
      held(world, slots, 'held', 60);
      assert.equal(world.clients[0]!.limit.steering, 'server queue');
      assert.ok(world.clients[0]!.limit.isSettled || slots >= 58);
    });
  }

  it('finds any size, with any lag', () => {
    const cases = fc.record({
      slots: fc.integer({ min: 8, max: 512 }),
      lagMs: fc.integer({ max: 3000, min: 0 }),
    });
    const property = fc.property(cases, ({ slots, lagMs }) => {
      const world = setUp({ slots });
      world.lagMs = lagMs;
      world.poll(60);
      held(world, slots, 'held', 20);
    });
    fc.assert(property, { numRuns: 12, seed: 7 });
  });

  for (const lagMs of [0, 500, 3000]) {
    it(`follows doubling and halving within 30 polls, with a lag of ${lagMs} ms`, () => {
      const world = setUp({ slots: 64 });
      world.lagMs = lagMs;
      world.poll(60);
      for (const slots of [128, 64, 32, 64]) {
        world.engine.configure({ slots }, world.nowMs());
        world.poll(30);
        held(world, slots, `after the change to ${slots}`, 10);
      }
    });
  }

  it('is back within four polls when it took a pause of the server for its size', () => {
    const limit = createLimit({ limitMax: 1024 });
    const polls = [
      [64, 0],
      [129, 0],
      [224, 35],
      [259, 0],
      [260, 259],
      [260, 259],
    ] as const; // As a server of 512 slots told it, whose pause two polls see.
    for (const [running, waiting] of polls) limit.observe({ running, waiting }, ours(running + waiting));
    assert.ok(limit.isSettled && limit.value < 300);
    for (let poll = 0; poll < 4; poll++)
      limit.observe({ running: limit.value - 3, waiting: 3 }, ours(limit.value));
    assert.ok(limit.value >= 512, `${limit.value} after four polls`);
  });

  it('goes straight to a size that is declared, and corrects a wrong one', () => {
    assert.equal(createLimit({ slots: 50, limitMax: 1024 }).value, 55);
    assert.equal(createLimit({ slots: 50, limitMax: 20 }).value, 20);
    const world = setUp({ slots: 200 }, { slots: 50 });
    world.poll(40);
    held(world, 200, 'declared 50');
  });

  it('is never below what the server answers in half a second: the page does not see calls of one step run', () => {
    const limit = createLimit({ limitMax: 1024 });
    const scores = { running: 0, waiting: 60 };
    for (let poll = 0; poll < 8; poll++)
      limit.observe(scores, { outstanding: limit.value, calls: limit.value, answeredPerS: 1000 });
    assert.equal(limit.value, 500);
    limit.observe(scores, { outstanding: 500, calls: 500, answeredPerS: 3000 });
    assert.equal(limit.value, 1024, 'and never above what the user set');
    limit.refused();
    assert.equal(limit.value, 819);
    for (let poll = 0; poll < 9; poll++)
      limit.observe({ running: 700, waiting: 119 }, { outstanding: 819, calls: 819, answeredPerS: 3000 });
    assert.equal(limit.value, 819, 'nor above what the server has refused');
  });

  it('believes a queue that two polls in a row have seen', () => {
    const limit = createLimit({ limitMax: 1024 });
    // Between two steps of the server: all that came within one of them.
    limit.observe({ running: 30, waiting: 34 }, ours(64));
    assert.equal(limit.value, 64);
    limit.observe({ running: 64, waiting: 0 }, ours(64));
    assert.ok(limit.value > 64);
  });

  it('counts sequences of unfinished calls that have ended, and a queue of a call', () => {
    const limit = createLimit({ slots: 100, limitMax: 1024 });
    const held = { outstanding: 380, calls: 19, answeredPerS: 0 };
    for (let poll = 0; poll < 9; poll++) limit.observe({ running: 100, waiting: 90 }, held);
    // Twenty sequences a call, so 100 and 39 at the server, where 190 of 380 are.
    assert.equal(limit.value, 278);
  });

  it('leaves the limit alone while there is little to ask', () => {
    const limit = createLimit({ limitMax: 1024 });
    for (let poll = 0; poll < 100; poll++) limit.observe({ running: 3, waiting: 0 }, ours(3));
    assert.equal(limit.value, 64);
  });

  for (const count of [2, 4]) {
    it(`lets ${count} clients share a server, all slots full and the queue short`, () => {
      const slots = 96;
      const world = setUp({ slots }, { clients: count });
      world.pass(60_000);
      for (let poll = 0; poll < 30; poll++) {
        world.poll(1);
        const { running, waiting } = world.truth;
        assert.ok(running >= 0.95 * slots, `${running} run`);
        assert.ok(waiting <= (0.1 * count + 0.2) * slots, `${waiting} wait`);
        for (const { limit } of world.clients)
          assert.ok(limit.value >= (0.4 * slots) / count, `${limit.value}`);
      }
    });
  }
});

describe('createLimit, with a page that lies', () => {
  const LIES: Record<string, Page> = {
    zero: () => ({ running: 0, waiting: 0 }),
    times10: ({ running, waiting }) => ({ running: running * 10, waiting: waiting * 10 }),
    absent: () => null,
    'frozen idle': () => ({ running: 2, waiting: 0 }),
    'frozen half': () => ({ running: 40, waiting: 0 }),
    'frozen with a long queue': () => ({ running: 64, waiting: 100 }),
  };
  for (const [name, page] of Object.entries(LIES)) {
    it(`${name}: neither stays small nor grows beyond limitMax, and finds the truth again`, () => {
      const slots = 128;
      const world = setUp({ slots }, { limitMax: 300 });
      world.page = page;
      world.poll(100);
      const { value } = world.clients[0]!.limit;
      assert.ok(value >= slots && value <= 300, `${value}`);
      world.page = (truth) => truth;
      world.poll(30);
      held(world, slots, 'after the lie');
    });

    it(`${name}: from the middle of a run, the slots stay full`, () => {
      const slots = 96;
      const world = setUp({ slots }, { limitMax: 400 });
      world.poll(40);
      world.page = page;
      world.poll(90);
      const { value } = world.clients[0]!.limit;
      assert.ok(value >= 0.95 * slots && value <= 400, `${value}`);
    });
  }

  it('is steered by refusals, or by what was declared, once the page has been wrong for long', () => {
    for (const [slots, steering] of [
      [undefined, 'refusals'],
      [64, 'declared'],
    ] as const) {
      const limit = createLimit({ slots, limitMax: 100 });
      for (let poll = 0; poll < 19; poll++) limit.observe({ running: 0, waiting: 0 }, ours(64));
      assert.equal(limit.steering, 'server queue');
      limit.observe({ running: 0, waiting: 0 }, ours(64));
      assert.equal(limit.steering, steering);
      limit.observe({ running: 58, waiting: 6 }, ours(64));
      assert.equal(limit.steering, 'server queue');
      limit.observe(null, ours(64));
      assert.equal(limit.steering, 'server queue', 'one page that is missing is chance');
      limit.observe(null, ours(64));
      assert.equal(limit.steering, steering);
    }
  });
});

describe('createLimit and refusals', () => {
  it('shrinks by a fifth, once a reading, never below 1', () => {
    for (const load of [{ running: 60, waiting: 4 }, null]) {
      const limit = createLimit({ limitMax: 1024 });
      limit.refused();
      limit.refused();
      assert.equal(limit.value, 51);
      limit.observe(load, ours(20));
      limit.refused();
      assert.equal(limit.value, 41);
      for (let poll = 0; poll < 50; poll++) {
        limit.observe(load, ours(1));
        limit.refused();
      }
      assert.ok(limit.value <= 3 && limit.value >= 1, `${limit.value}`);
    }
  });

  for (const [name, page] of [
    ['without a page', () => null],
    ['with one', (truth: ServerLoad) => truth],
  ] as const) {
    it(`stays near what a server with a short queue takes, ${name}`, () => {
      const world = setUp({ slots: 100, queuedMax: 104 });
      world.page = page;
      world.pass(120_000);
      const values: number[] = [];
      for (let poll = 0; poll < 60; poll++) {
        world.poll(1);
        values.push(world.clients[0]!.limit.value);
      }
      assert.ok(Math.min(...values) >= 64 && Math.max(...values) <= 140, `${values}`);
    });
  }

  it('comes back to the declared size, not beyond, after refusals without a page', () => {
    const limit = createLimit({ slots: 64, limitMax: 1024 });
    for (let poll = 0; poll < 5; poll++) {
      limit.refused();
      limit.observe(null, ours(limit.value));
    }
    assert.ok(limit.value < 30, `${limit.value}`);
    for (let poll = 0; poll < 60; poll++) limit.observe(null, ours(limit.value));
    assert.equal(limit.value, 71);
  });

  it('keeps its value over a restart of the server, whose size it finds anew', () => {
    const limit = createLimit({ limitMax: 1024 });
    for (let poll = 0; poll < 3; poll++) limit.observe({ running: 200, waiting: 100 }, ours(300));
    const { value } = limit;
    assert.ok(limit.isSettled && value > 200, `${value}`);
    limit.restarted();
    assert.deepEqual([limit.value, limit.isSettled, limit.steering], [value, false, 'server queue']);
    // It came back smaller.
    for (let poll = 0; poll < 3; poll++) limit.observe({ running: 8, waiting: value - 8 }, ours(value));
    assert.ok(limit.isSettled && limit.value <= 12, `${limit.value}`);
  });

  it('is an integer from 1 to limitMax whatever it is told', () => {
    const count = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.double({ min: 0, max: 1e6, noNaN: true }));
    const load = fc.option(fc.record({ running: count, waiting: count }));
    const own = fc.record({ outstanding: fc.nat(2000), calls: fc.nat(2000), answeredPerS: fc.nat(9000) });
    const told = fc.array(fc.tuple(load, own, fc.boolean()), { maxLength: 60 });
    const options = fc.record({
      limitMax: fc.integer({ min: 1, max: 300 }),
      slots: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
    });
    const property = fc.property(options, told, (given, polls) => {
      const limit = createLimit(given);
      for (const [page, { outstanding, calls, answeredPerS }, refuses] of polls) {
        if (refuses) limit.refused();
        limit.observe(page, { outstanding, calls, answeredPerS });
        assert.ok(Number.isInteger(limit.value) && limit.value >= 1 && limit.value <= given.limitMax);
      }
    });
    fc.assert(property);
  });
});
