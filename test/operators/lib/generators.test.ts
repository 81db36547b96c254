import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  generatorNeeds,
  generatorReads,
  generatorsOption,
  isMeant,
} from '../../../src/operators/lib/generators.js';

test('without the option all rows are meant, and no column is read', () => {
  assert.deepEqual(generatorReads(undefined), {});
  assert.deepEqual(generatorNeeds(undefined), []);
  assert.equal(isMeant(undefined, {}), true);
});

test('with it the generator is read, and only its own rows are meant', () => {
  assert.deepEqual(generatorReads(['a', 'b']), { generator: 'string' });
  assert.deepEqual(
    ['a', 'b', 'c'].map((generator) => isMeant(['a', 'b'], { generator })),
    [true, true, false],
  );
});

test('each name is checked against the models, at its place in the options', () => {
  assert.deepEqual(generatorNeeds(['a', 'b']), [
    { model: 'a', needs: 'named', at: ['generators', 0] },
    { model: 'b', needs: 'named', at: ['generators', 1] },
  ]);
});

test('an empty list is refused: it would leave every question alone', () => {
  assert.equal(generatorsOption.safeParse([]).success, false);
  assert.equal(generatorsOption.safeParse(['a']).success, true);
});
