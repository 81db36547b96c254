import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withRedactedErrors, keyRedactor } from '../../src/text/redactKey.js';
import { ScaleQuestError } from '../../src/errors.js';

const KEY = 'sk-a/b+c"d9';

test('a key is taken out as it is, as in a url, and as in JSON', () => {
  const remove = keyRedactor(KEY);
  for (const form of [KEY, encodeURIComponent(KEY), encodeURI(KEY), JSON.stringify(KEY).slice(1, -1)]) {
    assert.equal(remove(`before ${form} and ${form}.`), 'before [key] and [key].');
  }
});

test('the stand-ins of servers without a key are no secret', () => {
  for (const key of [undefined, 'EMPTY', 'none']) assert.equal(keyRedactor(key)('EMPTY none'), 'EMPTY none');
});

test('an error keeps its class, code and facts, and loses the key in all of them', async () => {
  const cause = new Error(`deep ${KEY}`);
  const error = new ScaleQuestError('ERR_MODEL_REFUSED', `no: ${KEY}`, {
    cause,
    data: { said: KEY, status: 401 },
  });
  const failed = withRedactedErrors(Promise.reject(error), keyRedactor(KEY));
  const found = (await failed.catch((thrown: unknown) => thrown)) as ScaleQuestError;
  assert.ok(found instanceof ScaleQuestError && found.code === 'ERR_MODEL_REFUSED');
  assert.equal(found.message, 'no: [key]');
  assert.deepEqual(found.data, { said: '[key]', status: 401 });
  const { stack = '' } = found;
  assert.ok(![stack, cause.message, cause.stack ?? ''].some((text) => text.includes(KEY)));
});
