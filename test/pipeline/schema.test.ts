import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readTextFile } from '../../src/io/files/textFile.js';
import { OPERATORS } from '../helpers/operators.js';
import { chainJsonSchema } from '../../src/pipeline/chain.js';
import { exampleFile, pipelineJsonSchema } from '../../src/pipeline/reference/reference.js';
import { pipelineSchema, stepLabel } from '../../src/pipeline/schema.js';
import { PIPELINES_FOLDER } from '../helpers/runs/pipelineWorld.js';

/** As much of JSON Schema as our schema uses: enough to see that an editor accepts what the check accepts. */
interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  prefixItems?: Schema[];
  items?: Schema | false;
  oneOf?: Schema[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  minItems?: number;
}

function faults(schema: Schema, value: unknown, path = ''): string[] {
  if (schema.oneOf) return choiceFaults(schema.oneOf, value, path, (count) => count === 1);
  if (schema.anyOf) return choiceFaults(schema.anyOf, value, path, (count) => count > 0);
  if (schema.enum && !schema.enum.includes(value)) return [`${path}: not one of ${schema.enum.join()}`];
  if (schema.const !== undefined && schema.const !== value) return [`${path}: not ${schema.const}`];
  if (schema.type && ![schema.type].flat().some((type) => hasType(type, value)))
    return [`${path}: not ${schema.type}`];
  if (typeof value === 'number' && (value < (schema.minimum ?? value) || value > (schema.maximum ?? value)))
    return [`${path}: out of range`];
  if (typeof value === 'string' && schema.pattern && !new RegExp(schema.pattern).test(value))
    return [`${path}: not ${schema.pattern}`];
  if (Array.isArray(value)) return listFaults(schema, value, path);
  if (value !== null && typeof value === 'object')
    return mapFaults(schema, value as Record<string, unknown>, path);
  return [];
}

function choiceFaults(
  schemas: Schema[],
  value: unknown,
  path: string,
  fits: (count: number) => boolean,
): string[] {
  const sound = schemas.filter((schema) => faults(schema, value).length === 0).length;
  return fits(sound) ? [] : [`${path}: fits ${sound} of ${schemas.length}`];
}

function listFaults(
  { prefixItems = [], items = {}, minItems = 0 }: Schema,
  value: unknown[],
  path: string,
): string[] {
  const short = value.length < minItems ? [`${path}: too short`] : [];
  const each = value.flatMap((item, at) => {
    const schema = prefixItems[at] ?? items;
    return schema === false ? [`${path}.${at}: too many`] : faults(schema, item, `${path}.${at}`);
  });
  return [...short, ...each];
}

function mapFaults(schema: Schema, value: Record<string, unknown>, path: string): string[] {
  const missing = (schema.required ?? [])
    .filter((key) => !(key in value))
    .map((key) => `${path}.${key}: missing`);
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const known = schema.properties?.[key] ?? schema.additionalProperties ?? true;
    if (known === true) return [];
    return known === false ? [`${path}.${key}: unknown`] : faults(known, item, `${path}.${key}`);
  });
  return [...missing, ...entries];
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return value !== null && typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}

const CHAIN_SCHEMA = chainJsonSchema() as Schema;
const SCHEMA = (await pipelineJsonSchema()) as Schema & { title: string; $schema: string };

for (const name of readdirSync(PIPELINES_FOLDER).filter((file) => file.endsWith('.yaml'))) {
  test(`the editor's schema accepts ${name}`, () => {
    const file = parse(readTextFile(join(PIPELINES_FOLDER, name))) as object;
    const isChain = 'links' in file;
    assert.deepEqual(faults(isChain ? CHAIN_SCHEMA : SCHEMA, file), []);
    assert.notDeepEqual(faults(isChain ? SCHEMA : CHAIN_SCHEMA, file), []);
  });
}

for (const spec of OPERATORS) {
  test(`the editor's schema accepts the example of ${spec.name}`, () => {
    assert.deepEqual(faults(SCHEMA, parse(exampleFile(spec))), []);
  });
}

const GOOD = {
  name: 'good',
  models: { a: { llamaCpp: { path: 'x.gguf' } } },
  steps: [{ generate: { generators: [{ model: 'a' }] } }],
};

const BAD: [why: string, value: unknown][] = [
  ['an unknown key', { ...GOOD, limits: 3 }],
  ['no steps', { ...GOOD, steps: [] }],
  ['no name', { steps: GOOD.steps }],
  ['a name with a space', { ...GOOD, name: 'two words' }],
  ['an unknown step', { ...GOOD, steps: [{ generat: {} }] }],
  ['two operators in a step', { ...GOOD, steps: [{ generate: GOOD.steps[0]!.generate, deduplicate: {} }] }],
  ['an unknown option', { ...GOOD, steps: [{ deduplicate: { similarity: 0.8 } }] }],
  ['a number out of range', { ...GOOD, steps: [{ deduplicate: { similarityMin: 1.5 } }] }],
  ['an unknown kind of model', { ...GOOD, models: { a: { llama: { path: 'x' } } } }],
  ['a text for a number', { ...GOOD, limit: '8' }],
];

test('the editor’s schema accepts a small file', () => {
  assert.deepEqual(faults(SCHEMA, GOOD), []);
});

for (const [why, value] of BAD) {
  test(`the editor's schema refuses ${why}`, () => {
    assert.notDeepEqual(faults(SCHEMA, value), []);
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
