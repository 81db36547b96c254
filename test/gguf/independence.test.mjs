// A reply depends on its request alone, with a model that looks through a sliding window: whatever runs beside it, and
// whatever its sequence held before.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choicesOf, completion } from '../../dist/bench/backends/engineProcess.js';
import { WINDOW_TOKENS, nextId, startEngine, textOf } from './gemma.mjs';

const CONTEXT_TOKENS = 704;
const TOKENS = 24;
const SEQUENCES = 8;

/** Rows of every kind: greedy and drawn, one choice and several, short and longer than the window. */
const rows = Array.from({ length: SEQUENCES }, (_, seed) => ({
  text: textOf(seed === 3 ? WINDOW_TOKENS + 40 : 20 + 15 * seed, seed),
  change: {
    ...{ seed, tokensMax: TOKENS, stop: [] },
    ...(seed % 2 === 0 ? { temperature: 0 } : { temperature: 1, topP: seed % 4 === 1 ? 1 : 0.95 }),
    n: seed === 5 ? 2 : 1,
  },
}));

const ask = ({ text, change }, engine) => engine.ask(completion(nextId(), text, change));
const together = async (engine) =>
  (await Promise.all(rows.map((row) => ask(row, engine)))).map((reply) => choicesOf(reply));

/** A row that fills its sequence to the end of the context. */
const overflow = (seed) => ({
  text: textOf(CONTEXT_TOKENS - 60, seed),
  change: { seed, temperature: 1, stop: [], tokensMax: 4 * CONTEXT_TOKENS },
});

describe('a reply of a model with a sliding window', { timeout: 1_200_000 }, () => {
  it('is the same alone, among others, and after a context overflow', async (t) => {
    const engine = await startEngine(t, { sequences: SEQUENCES, contextTokens: CONTEXT_TOKENS });
    const first = await together(engine);
    const texts = first.flat().map(({ text }) => text);
    assert.equal(new Set(texts).size, texts.length, 'the rows differ');

    const single = await startEngine(t, { sequences: 1, contextTokens: CONTEXT_TOKENS });
    const alone = [];
    for (const row of rows) alone.push(choicesOf(await ask(row, single)));
    assert.deepEqual(first, alone, 'alone, one after the other on one sequence');

    const [filled] = choicesOf(await ask(overflow(20), single));
    assert.equal(filled.finish, 'length');
    assert.ok(filled.tokens < 4 * CONTEXT_TOKENS, 'the context ended it');
    for (const at of [3, 5]) assert.deepEqual(choicesOf(await ask(rows[at], single)), first[at], `row ${at}`);

    const again = await Promise.all([...rows, overflow(21)].reverse().map((row) => ask(row, engine)));
    assert.deepEqual(
      again.reverse().slice(0, -1).map(choicesOf),
      first,
      'beside one that overflows, in reverse order',
    );
  });

  it('has the same probabilities, to the last bit, whatever was evaluated before', async (t) => {
    const engine = await startEngine(t, { contextTokens: CONTEXT_TOKENS });
    const other = await startEngine(t, { contextTokens: CONTEXT_TOKENS });
    const start = textOf(WINDOW_TOKENS + 30, 1);
    const probabilities = async (where, text) => {
      const prompt = [{ text, special: false }];
      const reply = await where.ask({
        kind: 'choose',
        id: nextId(),
        prompt,
        options: [' The', ' A', ' Each', ' Yes'],
      });
      assert.equal(reply.kind, 'chosen', JSON.stringify(reply));
      return reply.probabilities;
    };
    const ends = ['', ' The', ' The farmer', ` ${textOf(60, 2)}`, ` ${textOf(30, 3)}`];
    for (const end of ends) await probabilities(engine, start + end);
    const backwards = [];
    for (const end of ends.toReversed()) {
      // Here each prompt begins as the one before it, or is cut out of it.
      backwards.push(await probabilities(engine, start + end));
    }
    const fresh = [];
    for (const [at, end] of ends.toReversed().entries()) {
      await probabilities(other, textOf(20 + at, 4 + at));
      fresh.push(await probabilities(other, start + end));
    }
    assert.deepEqual(backwards, fresh);
  });
});
