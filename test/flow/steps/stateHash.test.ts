import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StateDelta } from '../../../src/flow/rowEvents.js';
import type { StepState } from '../../../src/flow/stepResults/stepResult.js';
import { createStateHash } from '../../../src/flow/steps/stateHash.js';

const delta = (value: unknown): StateDelta => ({ kind: 'delta', seq: 0, step: 's', value });

test('the hash follows from the values and their order, not from how they came', async () => {
  const told: StepState[] = [];
  const whole = createStateHash((state) => told.push(state));
  whole.tell(null);
  whole.tell(2, [delta('a'), delta({ b: 1 })]);
  const parts = createStateHash(undefined);
  parts.add(['a']);
  parts.tell(2, [delta({ b: 1 })]);
  assert.equal(parts.current(), whole.current());
  assert.deepEqual(
    told.map(({ upTo }) => upTo),
    [null, 2],
  );
  assert.notEqual(told[0]!.hash, told[1]!.hash);
  const turned = createStateHash(undefined);
  turned.tell(2, [delta({ b: 1 }), delta('a')]);
  assert.notEqual(turned.current(), whole.current());
});

test('a hash that is told before its values are known comes with the last of them', async () => {
  let told: StepState | undefined;
  const hash = createStateHash((state) => (told = state));
  const adding = Promise.resolve().then(() => hash.add(['a']));
  hash.tellLater(adding);
  const known = createStateHash(undefined);
  known.tell(1, [delta('a')]);
  assert.equal(await told!.hash, known.current());
  assert.equal(hash.current(), known.current());
});

test('other values, or the same ones divided otherwise, have another hash', () => {
  const lists = [
    ['ab', 'c'],
    ['a', 'bc'],
    ['abc'],
    ['1:a'],
    ['a', 1],
    [1, 'a'],
    [[1, 'a']],
    ['\ud800'],
    ['\ud801'],
    [null],
    ['null'],
  ];
  const hashes = lists.map((values) => {
    const hash = createStateHash(undefined);
    hash.tell(1, values.map(delta));
    return hash.current();
  });
  assert.equal(new Set(hashes).size, lists.length);
});
