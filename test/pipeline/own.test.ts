import assert from 'node:assert/strict';
import { test } from 'node:test';
import { own } from '../../src/pipeline/own.js';

test('only what a record has itself is found in it', () => {
  assert.equal(own({ a: 1 }, 'a'), 1);
  assert.equal(own({ a: 1 }, 'constructor'), undefined);
  assert.equal(own({ constructor: 2 } as Record<string, unknown>, 'constructor'), 2);
});
