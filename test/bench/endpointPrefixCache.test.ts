import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../bench/endpoint/engine.js';
import { BLOCK_TOKENS, blocksOf, createPrefixCache } from '../../bench/endpoint/prefixCache.js';

const CHARS = 4;
const textOf = (tokens: number, word = 'a'): string => word.repeat(tokens * CHARS);

test('only whole blocks are known, each by all that stands before it, and the last token is computed', () => {
  assert.equal(blocksOf(textOf(BLOCK_TOKENS), CHARS).length, 0);
  assert.equal(blocksOf(textOf(BLOCK_TOKENS + 1), CHARS).length, 1);
  const one = blocksOf(textOf(40, 'a') + textOf(40, 'b'), CHARS);
  const two = blocksOf(textOf(40, 'a') + textOf(40, 'c'), CHARS);
  assert.deepEqual(one.slice(0, 2), two.slice(0, 2));
  const other = blocksOf(textOf(1, 'x') + textOf(39, 'a') + textOf(40, 'b'), CHARS);
  assert.equal(new Set([...one, ...other]).size, one.length + other.length);
});

test('what was not used for longest goes first, a prompt’s end before its start', () => {
  const cache = createPrefixCache(4);
  assert.equal(cache.admit([1, 2, 3]), 0);
  assert.equal(cache.admit([1, 2, 3]), 3);
  assert.equal(cache.admit([7, 8]), 0);
  assert.equal(cache.admit([1, 2, 3]), 2);
  assert.equal(cache.admit([9, 10, 11, 12]), 0);
  assert.equal(cache.admit([1]), 0);
});

test('a prompt that is known costs the slot only the rest, and a server that died knows nothing', () => {
  const engine = createEngine({ slots: 1, prefillTokensPerStep: 16, prefixBlocksMax: 100, stepPerSlotMs: 0 });
  const blocks = blocksOf(textOf(161), CHARS);
  const ends: number[] = [];
  const ask = (nowMs: number): void => {
    const before = ends.length;
    engine.submit([{ promptTokens: 161, tokens: 1, blocks }], nowMs, (atMs) => ends.push(atMs - nowMs));
    while (ends.length === before) engine.advance(engine.nextEventMs());
  };
  ask(0);
  ask(1000);
  engine.setDown(true, 2000);
  engine.setDown(false, 2001);
  ask(3000);
  // Eleven pieces, or the one that is never known; the last of them makes the token.
  assert.deepEqual(ends, [11 * 4, 1 * 4, 11 * 4]);
  assert.equal(engine.totals.tokensCached, 160);
});
