import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContext } from '../../../src/index.js';

test('a context has the built-in prompts unless it is given others', () => {
  assert.match(createContext({ seed: 1, models: {} }).prompt('respond', undefined), /\{\{ question \}\}/);
  assert.equal(
    createContext({ seed: 1, models: {}, prompt: () => 'mine' }).prompt('respond', undefined),
    'mine',
  );
});
