import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { modelSchemas } from '../../src/backends/registry.js';
import { OPERATORS } from '../helpers/operators.js';
import { pipelineSchema } from '../../src/pipeline/schema.js';
import { codeOf, sourceFiles } from '../helpers/files/sourceFiles.js';

/** A number that measures something says in what: `timeoutMs`, `batchRows`, `shardBytesMax`. */

/** Words that leave the unit open. */
const BARE = /(timeout|delay|interval|duration|period|elapsed|deadline|size|memory|wait|latency)$/i;

/** Names that others have given. */
const FOREIGN: Record<string, string> = {
  headersTimeout: 'undici',
  bodyTimeout: 'undici',
  keepAliveTimeout: 'undici',
  connectTimeout: 'undici',
  timeout: 'undici',
  rowGroupSize: 'hyparquet-writer',
  contextSize: 'node-llama-cpp',
  batchSize: 'node-llama-cpp',
  pageSize: 'lmdb',
  size: 'as of a Set: a count of its entries',
};

test('declared numbers carry their unit', () => {
  const declared = /\b(\w+)\??\s*(?::\s*number\b|(?::\s*number\s*)?=\s*-?[\d_.]+\s*[;,*/)])/g;
  const wrong = sourceFiles('src').flatMap((file) =>
    [...codeOf(file).matchAll(declared)]
      .map(([, name]) => name!)
      .filter((name) => BARE.test(name) && !(name in FOREIGN))
      .map((name) => `${file.path} ${name}`),
  );
  assert.deepEqual(wrong, []);
});

interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** Names of the options that are numbers. */
function numbersOf({ properties = {}, items, anyOf = [] }: JsonSchema): string[] {
  const own = Object.entries(properties).flatMap(([name, option]) => [
    ...(option.type === 'number' || option.type === 'integer' ? [name] : []),
    ...numbersOf(option),
  ]);
  return [...own, ...(items ? numbersOf(items) : []), ...anyOf.flatMap(numbersOf)];
}

const UNIT = /(Ms|S|Bytes|MiB|Rows|Tokens|Chars)(Max|Min)?$|(Max|Min)$|PerMinute$/;

/** Numbers without a unit: shares, counts that their noun names, and terms of art. */
const UNITLESS = [
  'classIndex',
  ...['seed', 'target', 'limit', 'min', 'max', 'n', 'weight', 'temperature', 'topP', 'zstdLevel'],
  // Counts that their noun names.
  ...['replicas', 'gpusEach', 'dimensions', 'ngramWords'],
  // Weights of what `rewrite` asks for.
  ...['solvability', 'difficulty'],
  'parts',
  ...['processes', 'sequences', 'slots', 'gpus', 'port'],
  // Of a budget: what is counted, or hours.
  ...['tokens', 'requests', 'gpuHours', 'wallHours'],
  // Prices, in the currency that stands beside them: services write them so.
  ...['in', 'out', 'cached', 'request', 'gpuHour'],
];

test('options that are numbers carry a unit, a bound, or are in a short list', () => {
  const schemas = [
    pipelineSchema,
    ...Object.values(modelSchemas),
    ...OPERATORS.map(({ options }) => options),
  ];
  const names = schemas.flatMap((schema) =>
    numbersOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema),
  );
  assert.ok(names.includes('windowRows') && names.includes('timeoutMs'));
  const wrong = [...new Set(names)].filter((name) => !UNIT.test(name) && !UNITLESS.includes(name));
  assert.deepEqual(wrong, []);
});
