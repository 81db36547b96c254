import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isLargeVocabulary, samplingOf } from '../../../src/backends/llamaCpp/sampling.js';

it('a small vocabulary is sorted whole; a large one has no top-k filter at all', () => {
  assert.deepEqual(samplingOf(1_024, 0.7, 0.95), { temperature: 0.7, topP: 0.95, topK: 0, minP: 0 });
  assert.deepEqual(samplingOf(262_144, 0.7, 0.95), { temperature: 0.7, topP: 0.95, topK: null, minP: 0 });
  assert.deepEqual([4_096, 4_097].map(isLargeVocabulary), [false, true]);
});
