import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createKeyTable } from '../../src/backends/keyTable.js';
import { deriveUniform } from '../../src/random.js';

test('a table of keys has what was added and not deleted, as a Map has, also where keys want one place', () => {
  for (const likeness of ['random', 'crowded']) {
    const random = draws(2);
    const keys = Array.from({ length: 300 }, (_, number) => keyOf(number, likeness === 'crowded'));
    const table = createKeyTable<number>();
    const model = new Map<string, number>();
    for (let step = 0; step < 20_000; step++) {
      const key = keys[random(keys.length)]!;
      if (!model.has(key) && random(2) === 0) {
        table.add(key, step);
        model.set(key, step);
      } else {
        table.delete(key);
        model.delete(key);
      }
      if (step % 100 !== 0) continue;
      for (const each of keys) assert.equal(table.get(each), model.get(each));
    }
  }
});

function draws(seed: number): (below: number) => number {
  let drawn = 0;
  return (below) => Math.floor(deriveUniform(seed, 'keyTable', drawn++) * below);
}

/** Crowded: of three homes, so that most keys stand behind others. */
function keyOf(number: number, isCrowded: boolean): string {
  const key = createHash('sha256').update(`${number}`).digest('binary').slice(0, 16);
  return isCrowded ? `${String.fromCharCode(61 + (number % 3))}\0\0\0${key.slice(4)}` : key;
}
