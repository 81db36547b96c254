import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPromptFile } from '../../src/io/files/packageFiles.js';
import { columnsAfter, hashOf, printPlan } from '../../src/pipeline/plan.js';
import { checkText, overridesOf } from '../helpers/pipelineWorld.js';

const TEXT = `name: sound
seed: 3
target: 5
models:
  tiny: { llamaCpp: { path: ../models/tiny.gguf, sequences: 4 } }
  server: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m } }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 64 }
  - respond: { model: server, n: 2 }
output: { shardRows: 10 }
`;

async function identityOf(...overrides: string[]): Promise<string> {
  return (await checkText(TEXT, overridesOf(...overrides))).identity;
}

const SAME = [
  'source.windowRows=64',
  'source.batchRows=8',
  'models.tiny.llamaCpp.sequences=2',
  'models.tiny.llamaCpp.processes=1',
  'models.server.openai.requestsInFlightMax=3',
  'models.server.openai.timeoutMs=1000',
  'models.server.openai.retriesMax=1',
  'models.server.openai.replicas=[http://10.0.0.1:8000/v1]',
  'output.folder=elsewhere',
  'summary=Other words.',
  'steps.1.respond.temperature=0.7',
  'steps.1.label=respond',
];

for (const override of SAME) {
  test(`identity: unchanged by ${override}`, async () => {
    assert.equal(await identityOf(override), await identityOf());
  });
}

const OTHER = [
  'name=other',
  'seed=4',
  'target=6',
  'limit=100',
  'models.tiny.llamaCpp.path=../models/./tiny.gguf',
  'models.tiny.llamaCpp.contextTokens=512',
  'models.tiny.template=chatml',
  'models.server.openai.model=n',
  'models.server.openai.protocol=chat',
  'steps.0.generate.temperature=0.9',
  'steps.0.generate.tokensMax=65',
  'steps.1.respond.n=3',
  'steps.1.label=answer',
  'output.shardRows=11',
  'output.columns=[seq, question]',
];

for (const override of OTHER) {
  test(`identity: changed by ${override}`, async () => {
    assert.notEqual(await identityOf(override), await identityOf());
  });
}

test('identity: unchanged by the order of keys, spaces and comments', async () => {
  const [name, seed, target, ...rest] = TEXT.split('\n');
  const shuffled = [target, '# a comment', seed, name, ...rest].join('\n').replace('n: 2 }', '  n: 2}');
  assert.equal((await checkText(shuffled)).identity, await identityOf());
});

test('identity: changed by the text of a prompt', async () => {
  const prompt = (name: string, path?: string): string => `${readPromptFile(name, path)} Be brief.`;
  assert.notEqual((await checkText(TEXT, [], { prompt })).identity, await identityOf());
});

test('the hash tells values apart, not the order of keys', () => {
  assert.equal(hashOf({ a: 1, b: [1, { c: 2, d: 3 }] }), hashOf({ b: [1, { d: 3, c: 2 }], a: 1 }));
  assert.equal(hashOf({ a: undefined }), hashOf({}));
  const different = [{ a: 1 }, { a: '1' }, { a: [1] }, { a: null }, {}, [], null, 'a', { a: { a: 1 } }];
  assert.equal(new Set(different.map(hashOf)).size, different.length);
  assert.match(hashOf(1), /^[0-9a-f]{64}$/);
});

test('a column written again stays where it was', async () => {
  const { steps } = await checkText(TEXT);
  const before = [
    { name: 'responses', type: 'string', help: 'old' },
    { name: 'x', type: 'bool', help: '' },
  ] as const;
  const after = columnsAfter(before, steps[1]!);
  assert.deepEqual(
    after.map(({ name, type }) => `${name} ${type}`),
    ['responses list<string>', 'x bool'],
  );
});

test('the printed plan names steps, models, columns and the end', async () => {
  const text = printPlan(await checkText(TEXT, overridesOf('limit=50')));
  for (const part of [
    /^sound \(.*test\.yaml\), seed 3, identity [0-9a-f]{12}$/m,
    /^ends at 5 kept rows or 50 source rows, whichever comes first$/m,
    /^ 1 {2}generate: Writes questions/m,
    /^ {6}reads {2}–$/m,
    /^ {6}writes question, generator$/m,
    /^ {6}asks {3}tiny \(preQuery\)$/m,
    /^ 2 {2}respond: .*\n {6}reads {2}question$/m,
    /^output {2}seq: int32, question: string, generator: string, responses: list<string>$/m,
    /^ {2}server {2}\{"openai"/m,
  ])
    assert.match(text, part);
});

test('the printed plan says how it ends with one bound, and with none', async () => {
  assert.match(printPlan(await checkText(TEXT)), /^ends at 5 kept rows$/m);
  const files = 'name: sound\nsource: { jsonl: { path: rows.jsonl } }\nsteps: [{ deduplicate: {} }]\n';
  assert.match(printPlan(await checkText(files)), /^ends at the end of its source$/m);
});
