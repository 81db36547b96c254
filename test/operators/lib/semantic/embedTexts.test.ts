import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embedTexts } from '../../../../src/operators/lib/semantic/embedTexts.js';
import { contextOf } from '../../../helpers/runs/runOperator.js';
import { scriptedModel } from '../../../helpers/scriptedModel.js';

const model = scriptedModel({ embed: ({ texts }) => texts.map((text) => [text.length, -1]) });

test('texts are asked for with the prefix before them, and come as whole numbers', async () => {
  const vectors = await embedTexts(contextOf([model]), { model: 'tiny', prefix: 'ab', dimensions: 2 }, 0, [
    'c',
    '',
  ]);
  assert.deepEqual(vectors, [Int8Array.of(127, -42), Int8Array.of(127, -63)]);
});

test('a vector of another length than `dimensions` ends the run', async () => {
  const asked = { model: 'tiny', prefix: '', dimensions: 3 };
  await assert.rejects(embedTexts(contextOf([model]), asked, 0, ['c']), {
    code: 'ERR_MODEL_PROTOCOL',
    message: /^model tiny gave a vector of 2 numbers, expected 3 \(dimensions\)/,
  });
});
