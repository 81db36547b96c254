import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ExportConfig,
  bestAndWorst,
  exportFormat,
  exportSchema,
  missingColumns,
} from '../../src/pipeline/exportFormats.js';

const ROW = {
  question: 'What is $1 + 1$?',
  response: 'It is 2.',
  responses: ['It is 2.', 'It is 3.', 'It is 4.'],
  rewards: [0.9, null, 0.1],
};

const FORMS: [name: string, config: object, made: unknown][] = [
  ['queryResponse', {}, { query: ROW.question, response: ROW.response }],
  [
    'messages',
    { system: 'You are helpful.' },
    {
      messages: [
        { role: 'system', content: 'You are helpful.' },
        { role: 'user', content: ROW.question },
        { role: 'assistant', content: ROW.response },
      ],
    },
  ],
  [
    'promptCompletion',
    { user: '{{ question }}\nThink.' },
    { prompt: `${ROW.question}\nThink.`, completion: ROW.response },
  ],
  [
    'promptCompletion',
    { asMessages: true, system: 'You are helpful.', user: '{{ question }}\nThink.' },
    {
      prompt: [
        { role: 'system', content: 'You are helpful.' },
        { role: 'user', content: `${ROW.question}\nThink.` },
      ],
      completion: [{ role: 'assistant', content: ROW.response }],
    },
  ],
  [
    'preference',
    { asMessages: true },
    {
      prompt: [{ role: 'user', content: ROW.question }],
      chosen: [{ role: 'assistant', content: 'It is 2.' }],
      rejected: [{ role: 'assistant', content: 'It is 4.' }],
    },
  ],
  ['preference', { asMessages: true, marginMin: 0.8 }, null],
  ['preference', {}, { prompt: ROW.question, chosen: 'It is 2.', rejected: 'It is 4.' }],
  ['preference', { marginMin: 0.8 }, null],
];

function parse(format: string, more: object): ExportConfig {
  return exportSchema.parse({ format, ...more });
}

for (const [format, config, made] of FORMS) {
  test(`${format} ${JSON.stringify(config)}`, () => {
    assert.deepEqual(exportFormat(parse(format, config)).row(ROW), made);
  });
}

test('a pair needs two texts and two rewards that differ; ties go to the first', () => {
  assert.equal(bestAndWorst([], [], 0), null);
  assert.equal(bestAndWorst(['a'], [1], 0), null);
  assert.equal(bestAndWorst(['a', 'b'], [1, 1], 0), null);
  assert.equal(bestAndWorst(['a', 'b'], [null, null], 0), null);
  assert.equal(bestAndWorst(['a', 'a'], [1, 0], 0), null);
  assert.deepEqual(bestAndWorst(['a', 'b', 'c', 'd'], [1, 1, 0, 0], 0), { chosen: 'a', rejected: 'c' });
});

test('a question that looks like a replacement pattern stays as it is', () => {
  const { row } = exportFormat(parse('promptCompletion', {}));
  assert.equal(row({ ...ROW, question: "$& $1 $' cost" })!['prompt'], "$& $1 $' cost");
});

test('columns that the run has not, or has as another type, are named', () => {
  const columns = [{ name: 'question', type: 'string', help: '' } as const];
  assert.deepEqual(missingColumns(parse('preference', {}), columns), [
    { name: 'responses', type: 'list<string>' },
    { name: 'rewards', type: 'list<float64>' },
  ]);
  assert.deepEqual(missingColumns(parse('queryResponse', { response: 'question' }), columns), []);
});

test('a system message needs messages: a text has none', () => {
  for (const format of ['promptCompletion', 'preference'])
    assert.throws(() => parse(format, { system: 'x' }), /expected `asMessages: true` beside it/);
});

test('a text for the user message without a place for the question is refused', () => {
  assert.throws(() => parse('messages', { user: 'Solve it.' }), /expected \{\{ question \}\} in it/);
});
