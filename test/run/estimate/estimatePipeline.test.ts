import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import type { PipelineEstimate } from '../../../src/run/estimate/estimatePipeline.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { hashesOf, temporaryFolder } from '../../helpers/commandLine.js';
import { type FaultServer, sendJson, startFaultServer } from '../../helpers/servers/faultServer.js';

const ROWS = 120;

/** Answers by prompt and seed; every third question is not solvable. */
async function startServer(t: TestContext): Promise<FaultServer> {
  const server = await startFaultServer(({ body }, response) => {
    const { prompt, n = 1, seed = 0 } = body as { prompt: string; n?: number; seed?: number };
    // The judge alone is asked greedily.
    const isJudge = body['temperature'] === 0;
    const verdict = Number(/sum of (\d+)/.exec(prompt)?.[1] ?? 0) % 3 === 0 ? 'No' : 'Yes';
    const lengths = Array.from({ length: n }, (_, at) => (isJudge ? 3 : 10 + ((seed + 31 * at) % 40)));
    const choices = lengths.map((length, index) => ({
      index,
      text: isJudge ? verdict : `What is the sum of ${seed % 9973} and ${length}?`,
      finish_reason: 'stop',
    }));
    const completionTokens = lengths.reduce((a, b) => a + b, 0);
    sendJson(response, 200, { choices, usage: { prompt_tokens: 40, completion_tokens: completionTokens } });
  });
  t.after(() => server.stop());
  return server;
}

function writeFile(folder: string, url: string, more: readonly string[] = []): string {
  const file = join(folder, 'pipeline.yaml');
  const lines = [
    ...['name: estimated', 'seed: 6', `limit: ${ROWS}`, ...more, 'models:', '  m:'],
    `    openai: { replicas: ["${url}"], model: m, requestsInFlightMax: 8 }`,
    '    template: qwen2-math',
    '    gpus: 2',
    '    price: { currency: USD, in: 1, out: 4, gpuHour: 2 }',
    ...['steps:', '  - generate: { generators: [{ model: m }] }', '  - judgeSolvability: { model: m }'],
    ...['  - respond: { model: m, n: 3 }', 'output: { shardRows: 50 }'],
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
}

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await hostCommand(['run', ...args]);
  assert.equal(code, 0, stderr);
}

async function estimateOf(...args: string[]): Promise<PipelineEstimate> {
  const { code, stdout, stderr } = await hostCommand(['plan', ...args, '--estimate', '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as PipelineEstimate;
}

describe('plan --estimate', () => {
  it('says from a pilot what the whole run takes; going on pays for the other rows alone, and has the same bytes', async (t) => {
    const folder = temporaryFolder();
    const server = await startServer(t);
    const file = writeFile(folder, server.url);
    const [pilot, whole, plain] = ['pilot', 'whole', 'other/plain'].map((name) => join(folder, name));
    await run(file, '--out', pilot!, '--set', 'limit=50');
    const paid = server.seen.length;
    const before = hashesOf(pilot!);
    const estimate = await estimateOf(file, '--from', pilot!);
    const shown = await hostCommand(['plan', file, '--estimate', '--from', pilot!]);
    assert.match(shown.stdout, /^Estimate of estimated, from 50 rows of .*pilot/);
    assert.match(shown.stdout, /^money {5}[\d.]+ USD \[.* … .*\]$/m);
    // It asks nobody, and writes nothing.
    assert.equal(server.seen.length, paid);
    assert.deepEqual(hashesOf(pilot!), before);

    await run(file, '--out', whole!);
    const asked = server.seen.length;
    await run(file, '--out', plain!);
    assert.equal(asked, server.seen.length - asked, 'the pilot and the run behind it paid as one run does');
    const setOf = (path: string): [string, string][] =>
      Object.entries(hashesOf(path)).filter(([name]) => /^(shards|rejects)\//.test(name));
    assert.deepEqual(setOf(whole!), setOf(plain!));
    assert.ok(setOf(plain!).some(([name]) => name.startsWith('shards/')));
    const near = (value: number, truth: number): void =>
      assert.ok(Math.abs(value / truth - 1) <= 0.15, `${value} of ${truth}`);
    const { models } = JSON.parse(readFileSync(join(plain!, 'performance.json'), 'utf8'));
    const { cost } = JSON.parse(readFileSync(join(plain!, 'performance.json'), 'utf8'));
    const { rowsKept } = JSON.parse(readFileSync(join(plain!, 'report.json'), 'utf8'));
    assert.ok(cost.money.USD > 0, JSON.stringify(cost));
    assert.ok(
      Math.abs(cost.perKeptRow.USD * rowsKept - cost.money.USD) < 1e-9,
      JSON.stringify({ cost, rowsKept }),
    );
    console.error(readFileSync(join(plain!, 'report.json'), 'utf8'));
    near(estimate.requests.mean, models.m.requests);
    near(estimate.tokens.mean, models.m.promptTokens + models.m.completionTokens);
    // The sample of this seed; how often intervals hold the truth, estimate.test.ts says.
    assert.ok(
      estimate.requests.low <= models.m.requests && models.m.requests <= estimate.requests.high,
      JSON.stringify([estimate.requests, models.m.requests]),
    );
    assert.ok(estimate.gpuHours!.mean > 0 && estimate.money['USD']!.mean > 0 && estimate.runBytes! > 0);
    assert.equal(estimate.rowsIn.mean, ROWS);
  });

  it('takes the rates that the file states, and says which parts nobody knows', async () => {
    const folder = temporaryFolder();
    const stated = [
      'estimate:',
      '  steps:',
      '    generate: { promptTokens: 10, completionTokens: 100 }',
      '    judgeSolvability: { keptShare: 0.5, promptTokens: 100, completionTokens: 10 }',
      '    respond: { promptTokens: 100, completionTokens: 400 }',
      '  models: { m: { tokensPerS: 1000 } }',
    ];
    const file = writeFile(folder, 'http://127.0.0.1:9/v1', stated);
    const { requests, tokens, hours, gpuHours, money } = await estimateOf(file, '--rows', '1000000');
    assert.equal(requests.mean, 2.5e6);
    assert.equal(tokens.mean, 1e6 * 110 + 1e6 * 110 + 5e5 * 500);
    const seconds = (1e6 * 110 + 5e5 * 400) / 1000;
    assert.ok(Math.abs(hours.mean - seconds / 3600) < 1e-6);
    assert.ok(Math.abs(gpuHours!.mean - (2 * seconds) / 3600) < 1e-6);
    const usd = 1e6 * (10 + 100) + 5e5 * 100 + 4 * (1e6 * 110 + 5e5 * 400);
    assert.ok(Math.abs(money['USD']!.mean - (usd / 1e6 + (2 * 2 * seconds) / 3600)) < 1e-6);
    assert.ok(requests.high - requests.low < 1e4, 'what is stated has no chance in it');
    const free = writeFile(folder, 'http://127.0.0.1:9/v1', stated.slice(0, -1));
    writeFileSync(free, readFileSync(free, 'utf8').replace(/^ {4}price:.*\n/m, ''));
    const { stdout } = await hostCommand(['plan', free, '--estimate']);
    assert.match(stdout, /^hours {5}unknown: state/m);
    assert.match(stdout, /^money {5}what m costs \(it has no price\)$/m);
  });

  it('refuses what tells nothing: no run, another pipeline, no row, replayed rows, flags alone', async (t) => {
    const folder = temporaryFolder();
    const server = await startServer(t);
    const file = writeFile(folder, server.url);
    const pilot = join(folder, 'pilot');
    const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
      const { code, stderr } = await hostCommand(['plan', file, ...args]);
      assert.ok(code === 2 || code === 5, `${code}`);
      assert.match(stderr, message);
    };
    await refused(/it holds no run/, '--estimate', '--from', folder);
    await refused(
      /nothing is known of what generate, judgeSolvability, respond will ask.*--from runs\/pilot/s,
      '--estimate',
    );
    await refused(/found --from, --rows or --json without --estimate/, '--json');
    await run(file, '--out', pilot, '--set', 'limit=20');
    await refused(
      /differs in more than its end:\s+steps\.respond\.options\.n: 3, now 4/,
      '--estimate',
      '--from',
      pilot,
      '--set',
      'steps.respond.n=4',
    );
    await run(file, '--out', join(folder, 'again'), '--set', 'limit=20');
    await refused(/its step generate has asked nothing/, '--estimate', '--from', join(folder, 'again'));
    const log = join(pilot, 'log.jsonl');
    const started = readFileSync(log, 'utf8')
      .split('\n')
      .find((line) => line.includes('"event":"started"'))!;
    appendFileSync(log, `${started}\n`);
    await refused(/has decided no row yet/, '--estimate', '--from', pilot);
  });
});
