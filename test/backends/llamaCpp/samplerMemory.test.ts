import assert from 'node:assert/strict';
import { it } from 'node:test';
import { samplerMemory } from '../../../src/backends/llamaCpp/samplerMemory.js';

function collections(vocabularyTokens: number, samplers: number): number {
  let count = 0;
  const memory = samplerMemory(vocabularyTokens, () => (count += 1));
  for (let made = 0; made < samplers; made++) {
    memory.add();
    memory.free();
  }
  return count;
}

it('collects before the samplers of a large vocabulary hold much more than 64 MiB', () => {
  assert.equal(collections(262_144, 21), 0);
  assert.equal(collections(262_144, 22), 1);
  assert.equal(collections(262_144, 2_200), 100);
});

it('hardly ever collects for a small vocabulary', () => {
  assert.equal(collections(1_024, 5_000), 0);
  assert.equal(collections(1_024, 5_500), 1);
});
