import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputsHash } from '../../src/train/inputs.js';
import { trainingSchema } from '../../src/train/schema.js';

const PLACES = { name: 'sums', seed: 1 };
const DATA = { identity: 'i', shards: ['a', 'b'], exported: null };

function hash(training: object, places = PLACES, data: typeof DATA = DATA): string {
  return inputsHash(trainingSchema.parse(training), places, data);
}

const BASE = { trl: { task: 'sft', model: 'm', args: { a: 1, b: { c: 1, d: 2 } } }, output: 'o' };
const TRL = BASE.trl;

test('what does not decide the model makes no other training', () => {
  const same = [
    { ...BASE, when: { rowsMin: 5 }, timeoutMs: 5, silentMs: 9, stopGraceMs: 1, env: ['HF_TOKEN'] },
    { output: 'o', trl: { args: { b: { d: 2, c: 1 }, a: 1 }, model: 'm', task: 'sft' } },
    { ...BASE, trl: { ...TRL, program: ['.venv/bin/trl'] } },
  ];
  for (const training of same) assert.equal(hash(training), hash(BASE));
});

test('what decides it does', () => {
  const others = [
    hash({ ...BASE, trl: { ...TRL, task: 'dpo' } }),
    hash({ ...BASE, trl: { ...TRL, model: 'n' } }),
    hash({ ...BASE, trl: { ...TRL, args: { a: 1, b: { c: 1, d: 3 } } } }),
    hash({ ...BASE, output: 'p' }),
    hash({ ...BASE, label: 'x' }),
    hash({ ...BASE, export: 'x' }),
    hash({ command: ['x'] }),
    hash({ command: ['x', 'y'] }),
    hash(BASE, { ...PLACES, seed: 2 }),
    hash(BASE, PLACES, { ...DATA, shards: ['b', 'a'] }),
    hash(BASE, PLACES, { ...DATA, identity: 'j' }),
  ];
  assert.equal(new Set([hash(BASE), ...others]).size, others.length + 1);
});
