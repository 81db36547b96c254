import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardKey } from '../../../src/backends/http/guardKey.js';
import { ScaleQuestError } from '../../../src/errors.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

const KEY = 'sk-0123456789';
const ASK = {
  seq: 0,
  message: { kind: 'preQuery' },
  n: 1,
  tokensMax: 9,
  temperature: 1,
  topP: 1,
  seed: 1,
} as const;

test('a reply that contains the key is lost with its row; another one passes as it is', async () => {
  for (const [text, isLost] of [
    [`the key is ${KEY}`, true],
    ['no key', false],
  ] as const) {
    const model = guardKey(scriptedModel({ complete: () => [text] }, 'm'), KEY);
    const asked = model.complete(ASK);
    if (isLost) await assert.rejects(asked, { code: 'ROW_REPLY_INVALID', message: /model m wrote the key/ });
    else assert.equal((await asked)[0]!.text, text);
  }
});

test('no call of a model rejects with the key in its message', async () => {
  const reject = (): never => {
    throw new ScaleQuestError('ERR_MODEL_REFUSED', `the server quotes ${KEY}`);
  };
  const bare = scriptedModel({}, 'm');
  const failing = async (): Promise<never> => reject();
  const model = guardKey(
    { ...bare, complete: failing, choose: failing, score: failing, embed: failing },
    KEY,
  );
  const calls = [
    model.complete(ASK),
    model.choose({ seq: 0, message: ASK.message, options: ['a'] }),
    model.score({ seq: 0, items: [] }),
    model.embed({ seq: 0, texts: [] }),
  ];
  for (const call of calls) await assert.rejects(call, { message: 'the server quotes [key]' });
});

test('a model without a key stays the same object', () => {
  const model = scriptedModel({}, 'm');
  assert.equal(guardKey(model, undefined), model);
});
