import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { readTextFile } from '../../src/io/files/textFile.js';
import { OPERATORS } from '../helpers/operators.js';
import { chainJsonSchema } from '../../src/pipeline/chain.js';
import { exampleFile, pipelineJsonSchema } from '../../src/pipeline/reference/reference.js';
import { pipelineSchema, stepLabel } from '../../src/pipeline/schema.js';
import { PIPELINES_FOLDER } from '../helpers/runs/pipelineWorld.js';

const ajv = new Ajv2020({ strict: false, logger: false });

/** What a validator of JSON Schema, as editors have one, finds wrong. */
function faultFinder(schema: object): (value: unknown) => string[] {
  const validate = ajv.compile(schema);
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map((each) => `${each.instancePath} ${each.message}`);
}

const SCHEMA = (await pipelineJsonSchema()) as { title: string; $schema: string };
const pipelineFaults = faultFinder(SCHEMA);
const chainFaults = faultFinder(chainJsonSchema());

for (const name of readdirSync(PIPELINES_FOLDER).filter((file) => file.endsWith('.yaml'))) {
  test(`the editor's schema accepts ${name}`, () => {
    const file = parse(readTextFile(join(PIPELINES_FOLDER, name))) as object;
    const isChain = 'links' in file;
    assert.deepEqual((isChain ? chainFaults : pipelineFaults)(file), []);
    assert.notDeepEqual((isChain ? pipelineFaults : chainFaults)(file), []);
  });
}

for (const spec of OPERATORS) {
  test(`the editor's schema accepts the example of ${spec.name}`, () => {
    assert.deepEqual(pipelineFaults(parse(exampleFile(spec))), []);
  });
}

const GOOD = {
  name: 'good',
  models: { a: { llamaCpp: { path: 'x.gguf' } } },
  steps: [{ generate: { generators: [{ model: 'a' }] } }],
};

const NAMED = { ...GOOD, operators: ['./own'], steps: [...GOOD.steps, { label: 'a', own: { times: 2 } }] };

test('the editor’s schema accepts a step of others where `operators` is there', () => {
  assert.deepEqual(pipelineFaults(NAMED), []);
});

const BAD: [why: string, value: unknown][] = [
  ['an unknown key', { ...GOOD, limits: 3 }],
  ['no steps', { ...GOOD, steps: [] }],
  ['no name', { steps: GOOD.steps }],
  ['a name with a space', { ...GOOD, name: 'two words' }],
  ['an unknown step', { ...GOOD, steps: [{ generat: {} }] }],
  ['a step of others without `operators`', { ...NAMED, operators: undefined }],
  [
    'an unknown option of ours beside `operators`',
    { ...NAMED, steps: [{ deduplicate: { similarity: 0.8 } }] },
  ],
  ['two operators in a step', { ...GOOD, steps: [{ generate: GOOD.steps[0]!.generate, deduplicate: {} }] }],
  ['an unknown option', { ...GOOD, steps: [{ deduplicate: { similarity: 0.8 } }] }],
  ['a number out of range', { ...GOOD, steps: [{ deduplicate: { similarityMin: 1.5 } }] }],
  ['an unknown kind of model', { ...GOOD, models: { a: { llama: { path: 'x' } } } }],
  ['a text for a number', { ...GOOD, limit: '8' }],
];

test('the editor’s schema accepts a small file', () => {
  assert.deepEqual(pipelineFaults(GOOD), []);
});

for (const [why, value] of BAD) {
  test(`the editor's schema refuses ${why}`, () => {
    assert.notDeepEqual(pipelineFaults(value), []);
  });
}

test('the schema names itself and its dialect', () => {
  assert.equal(SCHEMA.title, 'ScaleQuest pipeline');
  assert.match(SCHEMA.$schema, /2020-12/);
});

test('defaults: two names and a step are a whole file', () => {
  const { source, output, seed } = pipelineSchema.parse({ name: 'x', steps: [{}] });
  assert.deepEqual(
    { source, output, seed },
    {
      source: { windowRows: 2048, markers: 'reject', batchRows: 32 },
      output: { shardRows: 10_000, rowGroupRows: 4096, zstdLevel: 3, lostReplyCharsMax: 2000 },
      seed: 0,
    },
  );
});

test('labels name counters and seeds: no spaces, no dots', () => {
  for (const label of ['a', 'second-pass', 'keepBest2']) assert.ok(stepLabel.safeParse(label).success, label);
  for (const label of ['', '2nd', 'a b', 'a.b', 'ä']) assert.ok(!stepLabel.safeParse(label).success, label);
});
