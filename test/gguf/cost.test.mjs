// What a large vocabulary costs: memory while it writes 10,000 tokens, and CPU of draws and choices. Linux only, as the bench.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choicesOf, completion } from '../../dist/bench/backends/engineProcess.js';
import { median } from '../../dist/bench/figures.js';
import { nextId, startEngine, textOf } from './gemma.mjs';

const WRITTEN_TOKENS = 10_000;
const SEQUENCES = 8;
const MEMORY_MAX = 1.2;
const CHOICE_MAX = 1.3;
const DRAW_MAX = 1.5;

describe('a vocabulary of 262,144 tokens', { timeout: 3_600_000 }, () => {
  it(`holds no memory over ${WRITTEN_TOKENS} tokens`, async (t) => {
    const engine = await startEngine(t, { sequences: SEQUENCES, contextTokens: 256 });
    const write = async (atLeast, tokensMax) => {
      let written = 0;
      const one = async () => {
        while (written < atLeast) {
          const text = textOf(30, nextId());
          const change = { seed: nextId(), temperature: 1, stop: [], tokensMax };
          written += choicesOf(await engine.ask(completion(nextId(), text, change)))[0].tokens;
        }
      };
      await Promise.all(Array.from({ length: SEQUENCES }, one));
      return written;
    };
    await write(200, 25);
    const after200 = engine.residentBytes();
    let most = after200;
    const watch = setInterval(() => (most = Math.max(most, engine.residentBytes())), 200);
    t.after(() => clearInterval(watch));
    const before = engine.cpuMs();
    const written = await write(WRITTEN_TOKENS, 150);
    const megabytes = [after200, most].map((bytes) => Math.round(bytes / 1e6));
    const tokenMs = (engine.cpuMs() - before) / written;
    t.diagnostic(`${megabytes[0]} MB after 200 tokens, at most ${megabytes[1]} within ${written} more`);
    t.diagnostic(`${tokenMs.toFixed(1)} ms of CPU a token, ${SEQUENCES} at once`);
    assert.ok(most <= MEMORY_MAX * after200, `${most / after200} × the memory after 200 tokens`);
  });

  it('costs a draw or a choice little more than a greedy token', async (t) => {
    const engine = await startEngine(t);
    const costs = { greedy: [], topP1: [], topP95: [], oneToken: [], choice: [] };
    const spend = async (kind, job, count = () => 1) => {
      const before = engine.cpuMs();
      const reply = await engine.ask(job);
      costs[kind].push((engine.cpuMs() - before) / count(reply));
      return reply;
    };
    const kinds = { greedy: {}, topP1: { temperature: 1 }, topP95: { temperature: 1, topP: 0.95 } };
    const steps = (reply) => choicesOf(reply)[0].tokens + (choicesOf(reply)[0].finish === 'stop');
    for (let round = 0; round < 9; round++) {
      const text = textOf(60, 100 + round);
      const choose = {
        kind: 'choose',
        id: nextId(),
        prompt: [{ text, special: false }],
        options: [' Yes', ' No'],
      };
      await spend('oneToken', completion(nextId(), text));
      assert.equal((await spend('choice', choose)).kind, 'chosen');
      for (const [kind, change] of Object.entries(kinds)) {
        const job = completion(nextId(), text, { ...change, seed: round, stop: [], tokensMax: 20 });
        await spend(kind, job, steps);
      }
    }
    const over = (kind, base) => median(costs[kind].map((ms, round) => ms / costs[base][round]));
    const found = [over('choice', 'oneToken'), over('topP1', 'greedy'), over('topP95', 'greedy')];
    const words = found.map((ratio) => ratio.toFixed(2)).join(', ');
    t.diagnostic(`choice / one token, topP 1 / greedy, topP 0.95 / greedy: ${words}`);
    t.diagnostic(`${median(costs.greedy).toFixed(1)} ms of CPU a greedy token`);
    assert.ok(found[0] <= CHOICE_MAX, `a choice: ${found[0]}`);
    assert.ok(Math.max(found[1], found[2]) <= DRAW_MAX, `a draw: ${found[1]}, ${found[2]}`);
  });
});
