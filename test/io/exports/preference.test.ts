import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestAndWorst, preference } from '../../../src/io/exports/preference.js';

const ROW = {
  question: 'What is $1 + 1$?',
  responses: ['It is 2.', 'It is 3.', 'It is 4.'],
  rewards: [0.9, null, 0.1],
};

function convert(options: object): unknown {
  return preference.open(preference.schema.parse({ format: 'preference', ...options }))(ROW);
}

test('as texts, as messages, and nothing where the margin is not reached', () => {
  assert.deepEqual(convert({}), { prompt: ROW.question, chosen: 'It is 2.', rejected: 'It is 4.' });
  assert.deepEqual(convert({ asMessages: true }), {
    prompt: [{ role: 'user', content: ROW.question }],
    chosen: [{ role: 'assistant', content: 'It is 2.' }],
    rejected: [{ role: 'assistant', content: 'It is 4.' }],
  });
  assert.equal(convert({ marginMin: 0.8 }), null);
  assert.equal(convert({ asMessages: true, marginMin: 0.8 }), null);
});

test('it reads the question and the two lists', () => {
  const { reads } = preference.describe(preference.schema.parse({ format: 'preference', rewards: 'scores' }));
  assert.deepEqual(reads, { question: 'string', responses: 'list<string>', scores: 'list<float64>' });
});

test('a pair needs two texts and two rewards that differ; ties go to the first', () => {
  assert.equal(bestAndWorst([], [], 0), null);
  assert.equal(bestAndWorst(['a'], [1], 0), null);
  assert.equal(bestAndWorst(['a', 'b'], [1, 1], 0), null);
  assert.equal(bestAndWorst(['a', 'b'], [null, null], 0), null);
  assert.equal(bestAndWorst(['a', 'a'], [1, 0], 0), null);
  assert.deepEqual(bestAndWorst(['a', 'b', 'c', 'd'], [1, 1, 0, 0], 0), { chosen: 'a', rejected: 'c' });
});

test('a system message needs `asMessages`: a plain text has none', () => {
  assert.throws(() => convert({ system: 'x' }), /expected `asMessages: true` beside it/);
});
