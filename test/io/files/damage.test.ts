import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Damage } from '../../../src/io/files/damage.js';

test('it is told from bugs by its class', () => {
  const damage = new Damage('a page is cut off');
  assert.ok(damage instanceof Error && !(new Error('x') instanceof Damage));
  assert.equal(damage.message, 'a page is cut off');
});
