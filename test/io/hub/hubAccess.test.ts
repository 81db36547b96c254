import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { hubOf, noHub } from '../../../src/io/hub/hubAccess.js';

test('the hub and its token are those of the environment', () => {
  const clock = systemClock;
  const own = hubOf({ HF_ENDPOINT: 'https://mirror/', HF_TOKEN: 'hf_1' }, { clock });
  assert.deepEqual([own.endpoint, own.token], ['https://mirror', 'hf_1']);
  const plain = hubOf({ HF_TOKEN: '' }, { clock });
  assert.deepEqual([plain.endpoint, plain.token], ['https://huggingface.co', undefined]);
});

test('who has no hub says so', () => {
  assert.equal(noHub('me/set').code, 'ERR_HUB_UNREACHABLE');
});
