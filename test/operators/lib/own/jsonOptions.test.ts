import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileJsonOptions } from '../../../../src/operators/lib/own/jsonOptions.js';

const SCHEMA = {
  type: 'object',
  properties: {
    column: { type: 'string', minLength: 1, maxLength: 9 },
    times: { type: 'integer', minimum: 1, exclusiveMaximum: 10, default: 2 },
    mode: { enum: ['upper', 'lower'], default: 'upper' },
    only: { const: 'this' },
    lists: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
    either: { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 3 }, { const: false }] },
    shaped: { type: 'string', pattern: '^[a-z]+$' },
    slow: { type: 'string', pattern: '^(a+)+$' },
    ahead: { type: 'string', pattern: '^(?=x)' },
  },
  required: ['column'],
  additionalProperties: false,
};

const read = compileJsonOptions(SCHEMA);

test('options are read with their defaults, and stay as they were', () => {
  const given = { column: 'a' };
  assert.deepEqual(read(given), { value: { column: 'a', times: 2, mode: 'upper' } });
  assert.deepEqual(given, { column: 'a' });
});

type Wrong = [options: object, issue: object];

const WRONG: Wrong[] = [
  [
    { column: 'a', tims: 1 },
    { code: 'unrecognized_keys', keys: ['tims'], path: [] },
  ],
  [{}, { code: 'invalid_type', expected: 'string', path: ['column'] }],
  [{ column: 3 }, { code: 'invalid_type', expected: 'string', path: ['column'], input: 3 }],
  [
    { column: 'a', times: 1.5 },
    { code: 'invalid_type', expected: 'int', path: ['times'] },
  ],
  [
    { column: 'a', times: 0 },
    { code: 'too_small', minimum: 1, inclusive: true, path: ['times'] },
  ],
  [
    { column: 'a', times: 10 },
    { code: 'too_big', maximum: 10, inclusive: false, path: ['times'] },
  ],
  [{ column: '' }, { code: 'too_small', origin: 'string', path: ['column'] }],
  [{ column: '0123456789' }, { code: 'too_big', origin: 'string', maximum: 9, path: ['column'] }],
  [
    { column: 'a', mode: 'uper' },
    { code: 'invalid_value', values: ['upper', 'lower'], path: ['mode'] },
  ],
  [
    { column: 'a', only: 'that' },
    { code: 'invalid_value', values: ['this'], path: ['only'] },
  ],
  [
    { column: 'a', lists: [] },
    { code: 'too_small', origin: 'array', path: ['lists'] },
  ],
  [
    { column: 'a', lists: [{}] },
    { code: 'invalid_type', path: ['lists', 0, 'name'] },
  ],
  [
    { column: 'a', either: true },
    { code: 'custom', message: 'expected a string or a whole number or false', path: ['either'] },
  ],
  [
    { column: 'a', shaped: 'A' },
    { code: 'custom', path: ['shaped'] },
  ],
];

for (const [options, expected] of WRONG)
  test(`one mistake, as of our own options: ${JSON.stringify(options)}`, () => {
    const found = read(options);
    assert.ok('issues' in found);
    assert.equal(found.issues.length, 1);
    const issue = found.issues[0]! as unknown as Record<string, unknown>;
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, issue[key]])), expected);
  });

test('an unknown key tells the known ones', () => {
  const found = read({ column: 'a', tims: 1 });
  assert.ok('issues' in found && found.issues[0]!.known!.includes('times'));
});

test('a stranger’s pattern takes linear time; one that RE2 does not know is left to the code', () => {
  const start = process.cpuUsage();
  assert.ok('issues' in read({ column: 'a', slow: `${'a'.repeat(5000)}!` }));
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 500_000, `${user + system} µs`);
  assert.ok('value' in read({ column: 'a', ahead: 'y' }));
});

test('what is no JSON Schema is told, and does not stay', () => {
  const $id = 'http://example.org/options';
  assert.throws(() => compileJsonOptions({ $id, type: 'objekt' }), /schema is invalid/);
  assert.ok('value' in compileJsonOptions({ $id, type: 'object' })({}));
});
