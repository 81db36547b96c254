import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { writeBudgetFile } from '../../../src/run/budget/budgetFile.js';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { type FaultServer, sendJson, startFaultServer } from '../../helpers/servers/faultServer.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { hashesOf, startCommand, temporaryFolder } from '../../helpers/commandLine.js';

const PRICE = { in: 1000, out: 5000, request: 0.001 };
const ROWS = 160;

interface Billing {
  server: FaultServer;
  /** What the service bills, in dollars. */
  billed: () => number;
  tokens: () => number;
}

/** A service that bills by its own count: five choices of some length, one prompt. Replies follow from the prompt and the seed. */
async function startService(t: TestContext, latencyMs = 4): Promise<Billing> {
  let [money, tokens] = [0, 0];
  const server = await startFaultServer(async ({ body, index }, response) => {
    const {
      prompt,
      n = 1,
      max_tokens: max,
      seed,
    } = body as { prompt: string; n?: number; max_tokens: number; seed: number };
    await new Promise((resolve) => setTimeout(resolve, latencyMs * (1 + (index % 3))));
    const lengths = Array.from({ length: n }, (_, at) => 1 + ((seed + at * 7919) % max));
    const usage = {
      prompt_tokens: Math.ceil(prompt.length / 4),
      completion_tokens: lengths.reduce((a, b) => a + b, 0),
    };
    money += (usage.prompt_tokens * PRICE.in + usage.completion_tokens * PRICE.out) / 1e6 + PRICE.request;
    tokens += usage.prompt_tokens + usage.completion_tokens;
    const choices = lengths.map((length, at) => ({
      index: at,
      text: `What is ${seed % 1000} plus ${length}? `.padEnd(4 * length, 'and more '),
      finish_reason: 'stop',
    }));
    sendJson(response, 200, { choices, usage });
  });
  t.after(() => server.stop());
  return { server, billed: () => money, tokens: () => tokens };
}

function writeFile(folder: string, { url }: FaultServer, store = '.store'): string {
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(
    file,
    [
      'name: paid',
      'seed: 5',
      `limit: ${ROWS}`,
      `store: ${store === 'none' ? 'none' : JSON.stringify(join(folder, store))}`,
      'models:',
      '  m:',
      `    openai: { replicas: ["${url}"], model: m, requestsInFlightMax: 16 }`,
      '    template: qwen2-math',
      `    price: { currency: USD, in: ${PRICE.in}, out: ${PRICE.out}, request: ${PRICE.request} }`,
      'source: { windowRows: 64, batchRows: 8 }',
      'steps:',
      '  - generate: { generators: [{ model: m }], tokensMax: 30 }',
      '  - respond: { model: m, n: 5, tokensMax: 40 }',
      'output: { shardRows: 20 }',
    ].join('\n'),
  );
  return file;
}

const run = (file: string, out: string, ...flags: string[]) =>
  hostCommand(['run', file, '--out', out, ...flags]);

/** Bytes of what follows from the rows alone. */
function setOf(out: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(hashesOf(out)).filter(([name]) => /^(shards|rejects|state)\//.test(name)),
  );
}

describe('a run with a budget', () => {
  it('ends before it is exceeded, with five choices a request, and goes on with a larger one to the same bytes', async (t) => {
    const folder = temporaryFolder();
    const service = await startService(t);
    const file = writeFile(folder, service.server);
    const out = join(folder, 'run');
    let spent = 0;
    for (const limit of [20, 45, 47]) {
      const { code, stderr } = await run(file, out, '--set', `budget.money.USD=${limit}`);
      assert.equal(code, EXIT_CODES.budget, stderr);
      assert.match(
        stderr,
        new RegExp(`the budget of ${limit}.00 USD is used up: .* are spent in all starts`),
      );
      assert.ok(service.billed() <= limit, `${service.billed()} of ${limit}`);
      // What is left does not hold one more request: 1 + 5 * 40 * 5000 / 1e6.
      assert.ok(service.billed() > limit - 2, `${service.billed()} of ${limit}`);
      assert.ok(service.billed() >= spent);
      spent = service.billed();
    }
    const before = service.server.seen.length;
    const ended = await run(file, out, '--set', 'budget.money.USD=100000');
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /^cost {8}[\d,.]+ USD.* a kept row, .* a thousand$/m);

    const other = await startService(t);
    const plain = join(folder, 'plain');
    const whole = await run(writeFile(folder, other.server, '.other'), plain);
    assert.equal(whole.code, 0, whole.stderr);
    assert.deepEqual(setOf(out), setOf(plain));
    assert.ok(Object.keys(setOf(out)).length >= 8);
    // Nothing was paid twice: the store has what the earlier starts have paid.
    assert.equal(service.server.seen.length, other.server.seen.length);
    assert.ok(before < other.server.seen.length);
    assert.ok(Math.abs(service.billed() - other.billed()) < 1e-6);
  });

  it('counts what a killed start has spent: never less, and a hundredth too much at most', async (t) => {
    const folder = temporaryFolder();
    const service = await startService(t, 15);
    const file = writeFile(folder, service.server, 'none');
    const out = join(folder, 'run');
    const limit = 60;
    const inFlight = 16 * ((256 + 2000) * 0.001 + 5 * 40 * 0.005);
    for (const requests of [60, 150]) {
      const killed = startCommand(['run', file, '--out', out, '--set', `budget.money.USD=${limit}`]);
      while (service.server.seen.length < requests) await new Promise((resolve) => setTimeout(resolve, 5));
      killed.child.kill('SIGKILL');
      await killed.result;
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { spent } = JSON.parse(readFileSync(join(out, 'budget.json'), 'utf8')) as {
        spent: Record<string, number>;
      };
      const over = spent['money.USD']! - service.billed();
      assert.ok(
        over >= 0 && over <= 2 * (limit / 100) + 2 * inFlight,
        `${spent['money.USD']}, ${service.billed()} billed`,
      );
    }
    const { code, stderr } = await run(file, out, '--set', `budget.money.USD=${limit}`);
    assert.equal(code, EXIT_CODES.budget, stderr);
    assert.ok(service.billed() <= limit, `${service.billed()} billed`);
  });

  it('holds tokens, requests and hours as it holds money', async (t) => {
    const folder = temporaryFolder();
    const service = await startService(t);
    const file = writeFile(folder, service.server, 'none');
    const tokens = await run(file, join(folder, 'tokens'), '--set', 'budget.tokens=9000');
    assert.equal(tokens.code, EXIT_CODES.budget, tokens.stderr);
    assert.ok(service.tokens() <= 9000 && service.tokens() > 8000, `${service.tokens()} tokens`);
    const asked = service.server.seen.length;
    const requests = await run(file, join(folder, 'requests'), '--set', 'budget.requests=37');
    assert.match(requests.stderr, /the budget of 37 requests is used up/);
    assert.equal(service.server.seen.length - asked, 37);
    const hours = await run(file, join(folder, 'hours'), '--set', 'budget.wallHours=0.0002');
    assert.match(hours.stderr, /the budget of 0\.0002 hours is used up/);
    assert.equal(hours.code, EXIT_CODES.budget);
  });

  it('counts what starts without a budget have spent', async (t) => {
    const folder = temporaryFolder();
    const service = await startService(t, 15);
    const file = writeFile(folder, service.server, 'none');
    const out = join(folder, 'run');
    const stopped = startCommand(['run', file, '--out', out]);
    while (service.server.seen.length < 90) await new Promise((resolve) => setTimeout(resolve, 5));
    stopped.child.kill('SIGTERM');
    await stopped.result;
    const asked = service.server.seen.length;
    const { code, stderr } = await run(file, out, '--set', 'budget.requests=40');
    assert.equal(code, EXIT_CODES.budget, stderr);
    assert.match(stderr, /the budget of 40 requests is used up: \d\d+ requests are spent in all starts/);
    assert.equal(service.server.seen.length, asked);
  });

  it('begins in a folder where a start that was killed while its models loaded has left its budget, and counts it', async (t) => {
    const folder = temporaryFolder();
    const service = await startService(t);
    const file = writeFile(folder, service.server, 'none');
    const out = join(folder, 'run');
    mkdirSync(out);
    await writeBudgetFile(nodeFiles, out, { requests: 20, wallHours: 0.01 });
    const { code, stderr } = await run(file, out, '--set', 'budget.requests=37');
    assert.equal(code, EXIT_CODES.budget, stderr);
    assert.equal(service.server.seen.length, 17);
  });

  it('is refused with workers, which spend by themselves', async (t) => {
    const folder = temporaryFolder();
    const service = await startService(t);
    const file = writeFile(folder, service.server);
    const { code, stderr } = await run(
      file,
      join(folder, 'run'),
      '--set',
      'budget.requests=9',
      '--workers',
      '1',
    );
    assert.equal(code, EXIT_CODES.usage);
    assert.match(stderr, /found `budget` beside workers/);
    assert.equal(service.server.seen.length, 0);
  });

  it('does not start where its file is not as it was written', async (t) => {
    const folder = temporaryFolder();
    const service = await startService(t);
    const file = writeFile(folder, service.server);
    const out = join(folder, 'run');
    await run(file, out, '--set', 'budget.requests=9');
    const path = join(out, 'budget.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"requests": \d+/, '"requests": 0'));
    const { code, stderr } = await run(file, out, '--set', 'budget.requests=9');
    assert.equal(code, EXIT_CODES.io);
    assert.match(stderr, /budget\.json: found a text that is not as a run has written it/);
  });
});
