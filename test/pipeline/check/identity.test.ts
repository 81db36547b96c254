import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPromptFile } from '../../../src/io/files/packageFiles.js';
import { differenceOf } from '../../../src/io/runFolder/runFolder.js';
import { checkText, overridesOf } from '../../helpers/runs/pipelineWorld.js';

const TEXT = `name: small
seed: 7
limit: 4
models:
  tiny: { llamaCpp: { path: ../models/tiny.gguf } }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 192 }
  - respond: { model: tiny, n: 3, tokensMax: 160 }
`;

async function changed(...overrides: string[]): Promise<{ same: boolean; difference: string[] }> {
  const before = await checkText(TEXT);
  const now = await checkText(TEXT, overridesOf(...overrides));
  return { same: before.identity === now.identity, difference: differenceOf(before.parts, now.parts) };
}

test('what only decides how fast rows come is no part of the identity', async () => {
  const knobs = ['source.windowRows=64', 'source.batchRows=8', 'output.folder=elsewhere'];
  assert.deepEqual(await changed(...knobs, 'models.tiny.llamaCpp.sequences=2'), {
    same: true,
    difference: [],
  });
});

test('a changed option is named with what it was and what it is', async () => {
  const { same, difference } = await changed('steps.1.respond.n=5', 'seed=8');
  assert.equal(same, false);
  assert.deepEqual(difference, ['seed: 7, now 8', 'steps.respond.options.n: 3, now 5']);
});

test('a changed prompt is named, by a hash, not printed', async () => {
  const prompt = 'steps.1.respond.prompt=prompts/respond.md';
  const now = await checkText(TEXT, overridesOf(prompt), {
    prompt: (name) =>
      name === 'respond' ? 'Another text: {{ question }} and so on, and so on, on and on.' : '',
  });
  const [first, ...more] = differenceOf((await checkText(TEXT)).parts, now.parts).filter((line) =>
    line.includes('.prompts.'),
  );
  assert.match(first!, /^steps\.respond\.prompts\.0: .*, now text [0-9a-f]{12}$/);
  assert.deepEqual(more, []);
});

test('a model that is called as a format hides no file of the source', async () => {
  const text = TEXT.replaceAll('tiny:', 'jsonl:')
    .replaceAll('model: tiny', 'model: jsonl')
    .replace(
      /steps:[^]*/,
      'source: { jsonl: { path: in.jsonl, columns: { question: string } } }\nsteps:\n  - respond: { model: jsonl }\n',
    );
  const filesIn = async (contents: string): Promise<string[]> => {
    const { parts } = await checkText(text, undefined, {
      exists: () => true,
      contentsHash: (path) => Promise.resolve(path.endsWith('in.jsonl') ? contents : 'of the model'),
    });
    return Object.entries(parts).flatMap(([key, part]) =>
      key.startsWith('files.') ? [`${key}: ${part}`] : [],
    );
  };
  assert.deepEqual(await filesIn('a'), ['files.jsonl.0: "a"', 'files.models jsonl.0: "of the model"']);
});

test('a part that is there on one side alone says so', () => {
  assert.deepEqual(differenceOf({ a: '1' }, { b: '2' }), ['a: 1, now (absent)', 'b: (absent), now 2']);
});

const STEPS = `name: small
seed: 7
limit: 4
models:
  tiny: { llamaCpp: { path: ../models/tiny.gguf } }
  judge: { openai: { model: judge, replicas: ['http://127.0.0.1:1/v1'] }, template: qwen2-math }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 192 }
  - judgeSolvability: { model: judge }
  - deduplicate: {}
`;

/** How many steps, from the first on, decide as they did. */
async function decideAlike(...overrides: string[]): Promise<number> {
  const { stepFingerprints: before } = await checkText(STEPS);
  const { stepFingerprints: now } = await checkText(STEPS, overridesOf(...overrides));
  assert.equal(before.length, 3);
  assert.equal(new Set(before).size, 3);
  const changedAt = before.findIndex((fingerprint, at) => fingerprint !== now[at]);
  return changedAt < 0 ? before.length : changedAt;
}

test('a step decides as it did where it, the steps before it, their models, the source and the seed are the same', async () => {
  const elsewhere = ['limit=9', 'target=2', 'output.shardRows=3', 'source.batchRows=8', 'name=other'];
  assert.equal(await decideAlike(...elsewhere), 3);
  assert.equal(await decideAlike('models.judge.openai.requestsInFlightMax=9'), 3);
  assert.equal(await decideAlike('steps.2.deduplicate.memoryMiB=9000'), 3);
  assert.equal(await decideAlike('steps.2.deduplicate.similarityMin=0.7'), 2);
  assert.equal(await decideAlike('models.judge.openai.model=other'), 1);
  assert.equal(await decideAlike('steps.1.judgeSolvability.temperature=0.5'), 1);
  assert.equal(await decideAlike('steps.0.generate.tokensMax=200'), 0);
  assert.equal(await decideAlike('seed=8'), 0);
});

test('what a user’s own step decides, and what comes after it, is not told again: its imports are not known', async () => {
  const own = 'steps.1={ custom: { path: operators/countWords.mjs } }';
  assert.equal((await checkText(STEPS, overridesOf(own))).stepFingerprints.length, 1);
});

const SOUND = `name: sound
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
  return (await checkText(SOUND, overridesOf(...overrides))).identity;
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
  const [name, seed, target, ...rest] = SOUND.split('\n');
  const shuffled = [target, '# a comment', seed, name, ...rest].join('\n').replace('n: 2 }', '  n: 2}');
  assert.equal((await checkText(shuffled)).identity, await identityOf());
});

test('identity: changed by the text of a prompt', async () => {
  const prompt = (name: string, path?: string): string => `${readPromptFile(name, path)} Be brief.`;
  assert.notEqual((await checkText(SOUND, [], { prompt })).identity, await identityOf());
});
