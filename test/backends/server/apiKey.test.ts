import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHeaders, readApiKey } from '../../../src/backends/server/apiKey.js';

test('a key travels as a bearer token, and nothing without one', () => {
  assert.deepEqual(keyHeaders('sk-1'), { authorization: 'Bearer sk-1' });
  assert.deepEqual(keyHeaders(undefined), {});
});

test('a key is read from its variable, without the line end that a shell leaves', () => {
  assert.equal(readApiKey('m', 'KEY', { KEY: ' sk-1\n' }), 'sk-1');
  assert.equal(readApiKey('m', undefined, { KEY: 'sk-1' }), undefined);
});

test('a missing variable, and one that holds no key, are told by name, without what they hold', () => {
  const missing = {
    code: 'ERR_MODEL_LOAD',
    message: /^model m takes its key from the environment variable KEY/,
  };
  assert.throws(() => readApiKey('m', 'KEY', {}), missing);
  assert.throws(() => readApiKey('m', 'KEY', { KEY: '  ' }), missing);
  assert.throws(() => readApiKey('m', 'constructor', {}), { code: 'ERR_MODEL_LOAD' });
  for (const key of ['two words', 'schlüssel', 'a\u0000b']) {
    assert.throws(
      () => readApiKey('m', 'KEY', { KEY: key }),
      (error: Error) =>
        /KEY of model m does not hold a key/.test(error.message) && !error.message.includes(key),
    );
  }
});
