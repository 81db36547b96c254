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
  const bytes = createStateHash(undefined);
  bytes.add([Buffer.of(1), 'a', Buffer.of(2)]);
  bytes.tell(4, [delta(Uint8Array.of(3))]);
  const cut = createStateHash(undefined);
  cut.add([Buffer.of(1), 'a']);
  cut.tell(4, [delta(Buffer.of(2)), delta(Buffer.of(3))]);
  assert.equal(cut.current(), bytes.current());
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
    [Buffer.from('ab'), Buffer.from('c')],
    [Buffer.from('a'), Buffer.from('bc')],
    [Buffer.from('abc')],
    ['a', Buffer.from('bc')],
    [Buffer.alloc(0)],
    [Buffer.alloc(0), Buffer.alloc(0)],
    [],
  ];
  const hashes = lists.map((values) => {
    const hash = createStateHash(undefined);
    hash.tell(1, values.map(delta));
    return hash.current();
  });
  assert.equal(new Set(hashes).size, lists.length);
});
