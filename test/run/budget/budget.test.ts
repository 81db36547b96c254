import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Admission } from '../../../src/backends/allowance.js';
import { holdBudget } from '../../../src/run/budget/budget.js';
import type { Amounts } from '../../../src/run/budget/ledger.js';
import { cases } from '../../helpers/texts/cases.js';

const PRICE = { currency: 'USD', in: 1e6, out: 2e6, request: 0.5 };

interface World {
  budget: ReturnType<typeof holdBudget>;
  saved: Amounts[];
  ended: Error[];
}

function open(limits: Amounts, before: Amounts = {}, save: () => Promise<void> = async () => {}): World {
  const saved: Amounts[] = [];
  const ended: Error[] = [];
  const budget = holdBudget({
    ...{ limits, before, prices: { m: PRICE } },
    async save(marks) {
      await save();
      saved.push(marks);
    },
    onEnd: (error) => ended.push(error),
  });
  return { budget, saved, ended };
}

const ask = async ({ budget }: World, promptTokens: number, completionTokens: number): Promise<Admission> =>
  budget.of('m').admit({ promptTokens, completionTokens });

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('holdBudget', () => {
  it('lets a request through once what it may cost fits beside those in flight', async () => {
    const world = open({ 'money.USD': 10 });
    const first = await ask(world, 1, 3);
    let isThrough = false;
    const second = ask(world, 1, 1).then((settle) => {
      isThrough = true;
      return settle;
    });
    await soon();
    assert.equal(isThrough, false, '7.5 of 10 are set aside, and 3.5 do not fit');
    first({ promptTokens: 1, completionTokens: 1 });
    (await second)({ promptTokens: 1, completionTokens: 0 });
    assert.equal(world.budget.spent()['money.USD'], 3.5 + 1.5);
    assert.deepEqual(world.ended, []);
  });

  it('ends the run where nothing is in flight and the next request does not fit', async () => {
    const world = open({ 'money.USD': 10 }, { 'money.USD': 4 });
    const error = await ask(world, 1, 3).catch((reason: unknown) => reason as Error & { code: string });
    assert.ok(error instanceof Error);
    assert.equal(error.code, 'ERR_BUDGET');
    assert.match(
      error.message,
      /the budget of 10\.00 USD is used up: 4\.00 USD are spent in all starts, and the next request may take up to 7\.50 USD/,
    );
    assert.deepEqual(world.ended, [error]);
    await assert.rejects(ask(world, 0, 0), { code: 'ERR_BUDGET' });
  });

  it('counts a request that was given up, or whose reply tells no tokens, with all that it may have cost', async () => {
    const world = open({ tokens: 100 });
    (await ask(world, 10, 20))('unknown');
    (await ask(world, 10, 20))({ promptTokens: 0, completionTokens: 0 });
    (await ask(world, 10, 20))('nothing');
    assert.deepEqual([world.budget.spent()['tokens'], world.budget.spent()['requests']], [60, 3]);
  });

  it('ends the run before time has cost too much, and sends nothing near that end', async () => {
    const world = open({ wallHours: 1 });
    await world.budget.timePassed({ wallHours: 0.5 }, { wallHours: 1 / 3600 });
    (await ask(world, 1, 1))('nothing');
    await world.budget.timePassed({ wallHours: 0.99 }, { wallHours: 1 / 3600 });
    assert.deepEqual(world.ended, []);
    await assert.rejects(ask(world, 1, 1), /the budget of 1\.00 hours is used up/);
    const late = open({ gpuHours: 1 });
    await late.budget.timePassed({ gpuHours: 0.9999 }, { gpuHours: 1 / 360 });
    assert.match(late.ended[0]!.message, /1\.00 GPU hours is used up/);
  });

  it('ends the run where it cannot write down what it spends', async () => {
    const full = new Error('ENOSPC');
    const world = open({ requests: 9 }, {}, () => Promise.reject(full));
    await assert.rejects(ask(world, 1, 1), full);
    assert.deepEqual(world.ended, [full]);
  });

  it('never spends more than its limits, nor more than is durable, whatever replies cost and when they come', async () => {
    const one = fc.record({
      prompt: fc.nat(20),
      reply: fc.nat(40),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      kind: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 5, max: 400 }),
        fc.integer({ min: 5, max: 2000 }),
        async (requests, slots, money, tokens) => {
          const world = open({ 'money.USD': money, tokens });
          const truth = { money: 0, tokens: 0 };
          const inFlight: (() => void)[] = [];
          let at = 0;
          let failed = 0;
          const send = async (): Promise<void> => {
            while (at < requests.length) {
              const { prompt, reply, share, kind } = requests[at++]!;
              const settle = await ask(world, prompt, reply).catch(() => null);
              if (!settle) return void failed++;
              const [promptTokens, completionTokens] = [
                Math.floor(prompt * share),
                Math.floor(reply * share),
              ];
              await new Promise<void>((resolve) => inFlight.push(resolve));
              truth.money += promptTokens + 2 * completionTokens + 0.5;
              truth.tokens += promptTokens + completionTokens;
              const durable = world.saved.at(-1)!;
              assert.ok(truth.money <= durable['money.USD']! + 1e-9 && truth.tokens <= durable['tokens']!);
              settle(kind === 0 ? 'unknown' : { promptTokens, completionTokens });
            }
          };
          const senders = Promise.all(Array.from({ length: slots }, send));
          let isDone = false;
          void senders.then(() => (isDone = true));
          while (!isDone) {
            inFlight.splice((at * 7) % (inFlight.length || 1), 1)[0]?.();
            await soon();
          }
          assert.ok(truth.money <= money + 1e-9 && truth.tokens <= tokens, JSON.stringify(truth));
          assert.equal(failed > 0, world.ended.length > 0);
          // Writing down happens once for each hundredth, not for each request.
          assert.ok(world.saved.length <= 210 && world.saved.length <= requests.length * 2);
        },
      ),
      { numRuns: cases(60, 1000) },
    );
  });

  it('writes down some hundred times at most, whatever is limited', async () => {
    const world = open({ 'money.USD': 1000 });
    for (let at = 0; at < 900; at++) (await ask(world, 0, 0))({ promptTokens: 0, completionTokens: 1e-9 });
    assert.ok(world.saved.length < 130, `${world.saved.length} times`);
    assert.equal(world.ended.length, 0);
  });
});
