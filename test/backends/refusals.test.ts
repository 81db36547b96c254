import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenedModel } from '../../src/backends/protocol.js';
import { withRefusals } from '../../src/backends/refusals.js';
import { scriptedModel } from '../helpers/scriptedModel.js';

const {
  complete: _complete,
  choose: _choose,
  score: _score,
  embed: _embed,
  ...bare
} = scriptedModel({}, 'm');

test('a call that the protocol has stays; each other one names the call and the protocols that have it', async () => {
  const opened: OpenedModel = { ...bare, label: 'model m (n at u)', embed: async () => [[1]] };
  const model = withRefusals(opened, (ability) => `<${ability}>`);
  assert.deepEqual(await model.embed({ seq: 0, texts: ['a'] }), [[1]]);
  const refused = (what: string) => ({
    code: 'ERR_PIPELINE_MODEL',
    message: `model m (n at u) cannot ${what}`,
  });
  const message = { kind: 'preQuery' } as const;
  const sampling = { n: 1, tokensMax: 1, temperature: 1, topP: 1, seed: 1 };
  await assert.rejects(
    model.complete({ seq: 0, message, ...sampling }),
    refused('answer a message; expected a model of kind <complete>'),
  );
  await assert.rejects(
    model.choose({ seq: 0, message, options: [] }),
    refused('give the probabilities of replies; expected a model of kind <choose>'),
  );
  await assert.rejects(
    model.score({ seq: 0, items: [] }),
    refused('score; expected a model of kind <score>'),
  );
});

test('the label is no part of the model', () => {
  assert.equal('label' in withRefusals({ ...bare, label: 'x' }, () => ''), false);
});
