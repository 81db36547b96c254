import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../../../src/io/files/packageFiles.js';
import { differenceOf } from '../../../../src/io/runFolder/runFolder.js';
import { temporaryFolder } from '../../../helpers/commandLine.js';
import { checkText, problemsOf } from '../../../helpers/runs/pipelineWorld.js';

/** Models and files, before anything is opened or asked. */

const TINY = join(PACKAGE_FOLDER, 'models', 'tiny.gguf');

function writing(path: string): string {
  return [
    'name: models',
    'limit: 2',
    'models:',
    `  tiny: { llamaCpp: { path: ${JSON.stringify(path)} } }`,
    'steps:',
    '  - generate: { generators: [{ model: tiny }] }',
  ].join('\n');
}

const FILES: Record<string, [content: Uint8Array | null, message: RegExp]> = {
  'a text': [Buffer.from('not a model'), /begins with "not a mo", expected a GGUF model/],
  'an empty file': [Buffer.alloc(0), /found an empty file/],
  'a header cut off': [readFileSync(TINY).subarray(0, 15), /ends inside its header, after 15 bytes/],
  'a folder': [null, /EISDIR|folder/],
};

for (const [name, [content, message]] of Object.entries(FILES)) {
  test(`${name} in the place of a GGUF model is found at the key that names it`, async () => {
    const folder = temporaryFolder();
    const path = content ? join(folder, 'model.gguf') : folder;
    if (content) writeFileSync(path, content);
    const [problem, ...more] = await problemsOf(writing(path));
    assert.deepEqual(more, []);
    assert.equal(problem!.code, 'ERR_MODEL_LOAD');
    assert.deepEqual(
      [problem!.at?.line, problem!.at?.column, problem!.at?.key],
      [4, 29, 'models.tiny.llamaCpp.path'],
    );
    assert.match(problem!.message, message);
  });
}

test('without the engine a bundled model is refused, with the command that installs it; nothing else needs it', async () => {
  const withoutEngine = { canImport: (name: string) => name !== 'node-llama-cpp' };
  const [problem, ...more] = await problemsOf(writing(TINY), withoutEngine);
  assert.deepEqual(more, []);
  assert.equal(problem!.code, 'ERR_MODEL_LOAD');
  assert.equal(problem!.at?.key, 'models.tiny.llamaCpp');
  assert.match(
    problem!.message,
    /node-llama-cpp.* is not installed; .*: npm install node-llama-cpp@3\.21\.x$/,
  );
  const asked = writing(TINY).replace(/llamaCpp: \{.*?\}/, `openai: { ${AT} }`);
  await checkText(asked, [], withoutEngine);
});

test('a missing tokenizer is told at its own key', async () => {
  const text = writing(TINY).replace(' } }', ' }, template: { tokenizer: nowhere } }');
  const [problem] = await problemsOf(text);
  assert.equal(problem!.at?.key, 'models.tiny.template.tokenizer');
});

const AT = 'replicas: ["http://127.0.0.1:9"], model: m';
const SCORERS: Record<string, string> = {
  pooling: `pooling: { ${AT} }`,
  scorePair: `scorePair: { ${AT} }`,
  teiPair: `tei: { ${AT} }`,
  teiText: `tei: { ${AT}, input: text }`,
  noUser: `classify: { ${AT} }, template: { pair: "{{ user }} {{ assistant }}" }`,
  writer: `openai: { ${AT} }`,
  vectors: `embeddings: { ${AT} }`,
};

/** A scorer and a step that it cannot do, and what is said. */
const UNFIT: [scorer: string, step: string, message: RegExp][] = [
  ['scorePair', 'scoreDifficulty: { model: scorer, method: score }', /cannot score a question alone/],
  ['teiPair', 'scoreDifficulty: { model: scorer, method: score }', /tei with `input: text`/],
  [
    'noUser',
    'scoreDifficulty: { model: scorer, method: score }',
    /a template with a form for a question alone/,
  ],
  ['writer', 'scoreDifficulty: { model: scorer, method: score }', /cannot score; expected a reward model/],
  ['vectors', 'scoreReward: { model: scorer, method: score }', /cannot score; expected a reward model/],
  [
    'writer',
    'scoreReward: { model: scorer, method: score }',
    /another `method` for a model that writes text/,
  ],
  ['pooling', 'scoreReward: { model: scorer }', /`method: score` for one that scores/],
  ['pooling', 'judgeSolvability: { model: scorer }', /cannot answer/],
];

function scoring(scorer: string, step: string): string {
  const steps = ['respond: { model: tiny, n: 2 }', step].map((one) => `  - ${one}`);
  const models = [`  scorer: { ${SCORERS[scorer]!} }`, 'steps:'];
  return [...writing(TINY).split('\n').slice(0, 4), ...models, writing(TINY).split('\n')[5], ...steps].join(
    '\n',
  );
}

for (const [scorer, step, message] of UNFIT) {
  test(`${scorer} cannot do ${step}`, async () => {
    const problems = await problemsOf(scoring(scorer, step));
    assert.deepEqual(
      problems.map(({ code, at }) => [code, at?.key]),
      [['ERR_PIPELINE_MODEL', `steps.2.${step.split(':')[0]}.model`]],
    );
    assert.match(problems[0]!.message, message);
  });
}

test('those that can are let through', async () => {
  for (const scorer of ['pooling', 'teiText']) {
    await checkText(scoring(scorer, 'scoreDifficulty: { model: scorer, method: score }'));
  }
  for (const scorer of ['scorePair', 'teiPair', 'noUser']) {
    await checkText(scoring(scorer, 'scoreReward: { model: scorer, method: score }'));
  }
});

test('other rows, another model or another template at the same path make another run; each is named', async () => {
  const folder = temporaryFolder();
  const [rows, model, tokenizer] = ['rows.jsonl', 'model.gguf', 'tokenizer_config.json'].map((name) =>
    join(folder, name),
  );
  writeFileSync(rows!, '{"question":"1+1?"}\n');
  copyFileSync(TINY, model!);
  const template = (end: string): string =>
    JSON.stringify({
      chat_template: `{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{{ eos_token }}{% endfor %}[a]${end}`,
      eos_token: '</s>',
    });
  writeFileSync(tokenizer!, template(''));
  const text = [
    'name: files',
    'models:',
    `  tiny: { llamaCpp: { path: ${model} }, template: { tokenizer: ${tokenizer} } }`,
    `source: { jsonl: { path: ${rows}, columns: { question: string } } }`,
    'steps:',
    '  - respond: { model: tiny, n: 1 }',
  ].join('\n');
  let before = await checkText(text);
  assert.equal((await checkText(text)).identity, before.identity);
  const changes: [path: string, content: string | Buffer, part: string][] = [
    [rows!, '{"question":"1+2?"}\n', 'files.jsonl.0'],
    [model!, Buffer.concat([readFileSync(TINY), Buffer.alloc(1)]), 'files.tiny.0'],
    [tokenizer!, template('!'), 'files.tiny.1'],
    [
      join(folder, 'chat_template.jinja'),
      "{% for m in messages %}{{ m['content'] }}\n{% endfor %}A:",
      'files.tiny.2',
    ],
  ];
  for (const [path, content, part] of changes) {
    writeFileSync(path, content);
    const now = await checkText(text);
    assert.deepEqual(
      differenceOf(before.parts, now.parts).map((line) => line.split(':')[0]),
      [part],
    );
    before = now;
  }
});

test('what the environment filled in is shown by its hash in what a run writes', async () => {
  const text = writing(TINY).replace('name: models', 'name: models\nsummary: "for ${WHO} alone"');
  const withKey = `${text.replace('llamaCpp', 'openai').replace(/path: "[^"]*"/, `${AT}, extra: { api_key: "\${WHO}" }`)}`;
  const plan = await checkText(withKey, [], { env: { WHO: 'sk-1234567' } });
  assert.ok(!JSON.stringify(plan.parts).includes('sk-1234567'));
  assert.ok(!plan.text.includes('sk-1234567'));
});
