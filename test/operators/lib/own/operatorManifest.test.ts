import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { checkDefinition } from '../../../../src/operators/lib/own/operatorDefinition.js';
import {
  type DescribedOperator,
  describeOperator,
  parseManifest,
  printManifest,
  staleKey,
  versionFault,
} from '../../../../src/operators/lib/own/operatorManifest.js';

const SHOUT = {
  name: 'shout',
  summary: 'Writes a text in capitals.',
  options: z.strictObject({
    column: z.string().describe('The column.'),
    times: z.int().min(1).default(1).describe('How often.'),
  }),
  example: { column: 'question' },
  reads: { $column: 'string' },
  writes: [{ name: 'loud', type: 'string', help: 'Loud.' }],
  drops: { silent: 'the text has no letter' },
  models: { judge: 'complete' },
  row: () => undefined,
};

const describe = (parts: object = {}): DescribedOperator =>
  describeOperator(checkDefinition({ ...SHOUT, ...parts }, 'it'), 'shout', 'it');

const manifestOf = (operators: object, more: object = {}): string =>
  JSON.stringify({ format: 1, scalequest: '0.1.0', module: './index.js', operators, ...more });

test('an operator as data: options as JSON Schema, columns, models, contract; printed and read again', () => {
  const shout = describe();
  assert.deepEqual(shout.options['required'], ['column']);
  assert.equal(shout.options['additionalProperties'], false);
  assert.deepEqual(
    [shout.reads, shout.models, shout.hasMemory],
    [{ $column: 'string' }, { judge: 'complete' }, false],
  );
  assert.equal(describe({ memory: { init: () => 0, apply() {} } }).hasMemory, true);
  const text = printManifest({ format: 1, scalequest: '0.1.0', module: './index.js', operators: { shout } });
  assert.equal(staleKey(parseManifest(text).operators['shout']!, shout), null);
});

test('options by a JSON Schema, by a schema that gives one, by none', () => {
  const json = { type: 'object', properties: { column: { type: 'string' } } };
  assert.deepEqual(describe({ options: json }).options, { ...json, additionalProperties: false });
  const open = describe({ options: z.looseObject({ column: z.string() }) }).options;
  assert.deepEqual(open['additionalProperties'], {});
  // Keys that it would take out without a word are refused.
  const plain = describe({ options: z.object({ column: z.string() }) }).options;
  assert.equal(plain['additionalProperties'], false);
  const none = describe({ options: undefined, reads: {} }).options;
  assert.deepEqual(none, { type: 'object', additionalProperties: false });
  const validate = (value: unknown): object => ({ value });
  const input = (): object => json;
  const standard = { '~standard': { version: 1, vendor: 'own', validate, jsonSchema: { input } } };
  assert.deepEqual(describe({ options: standard }).options, { ...json, additionalProperties: false });
});

const UNDESCRIBED: [why: string, parts: object, message: RegExp][] = [
  ['no summary', { summary: undefined }, /no `summary`/],
  [
    'a column by an option that it has not',
    { reads: { $other: 'string' } },
    /declares \$other, but has no option `other`/,
  ],
  ['a model by an option that it has not', { models: { $model: 'embed' } }, /declares \$model/],
  [
    'an option in the place of its roles',
    { options: z.strictObject({ column: z.string(), models: z.string() }) },
    /a key `models`/,
  ],
  ['options that are no map', { options: z.union([z.string(), z.number()]) }, /no map of keys/],
  [
    'options that no JSON Schema says',
    { options: z.strictObject({ column: z.date() }) },
    /have no JSON Schema/,
  ],
  [
    'a schema that gives none',
    { options: { '~standard': { validate: () => ({}) } } },
    /gives no JSON Schema/,
  ],
  [
    'a JSON Schema that is none',
    { options: { type: 'object', required: 3 }, reads: {} },
    /are no JSON Schema/,
  ],
  ['control characters', { summary: 'a\u001b[31mb' }, /summary: expected no control characters/],
];

for (const [why, parts, message] of UNDESCRIBED)
  test(`cannot be described: ${why}`, () =>
    assert.throws(() => describe(parts), { code: 'ERR_OPERATOR_LOAD', message }));

const UNFIT: [why: string, text: string, message: RegExp][] = [
  ['no JSON', '{', /it is no manifest of operators \(.*JSON/],
  ['another format', manifestOf({ shout: describe() }, { format: 2 }), /format/],
  ['no operator', manifestOf({}), /operators: expected at least one operator/],
  [
    'a module elsewhere',
    manifestOf({ shout: describe() }, { module: './../own.mjs' }),
    /module: expected a path in its folder/,
  ],
  [
    'an address',
    manifestOf({ shout: describe() }, { module: 'data:text/javascript,1' }),
    /module: expected a path in its folder/,
  ],
  ['a key of its own', manifestOf({ shout: { ...describe(), code: 'x' } }), /operators\.shout/],
  ['a name that is none', manifestOf({ __proto: describe() }), /operators/],
  ['a name that each step has', manifestOf({ label: describe() }), /operators/],
  [
    'options that are no schema',
    manifestOf({ shout: { ...describe(), options: { type: 'object', required: 1 } } }),
    /operators\.shout\.options/,
  ],
];

for (const [why, text, message] of UNFIT)
  test(`no manifest: ${why}`, () =>
    assert.throws(() => parseManifest(text), { code: 'ERR_OPERATOR_LOAD', message }));

test('stale: where the code says otherwise; the finer words of a schema and of the contract are no matter', () => {
  const { options } = describe();
  const said = describe();
  const cases: [found: DescribedOperator, key: string | null][] = [
    [describe({ writes: [{ name: 'loud', type: 'list<string>', help: 'Loud.' }] }), 'writes.0.type'],
    [describe({ reads: {} }), 'reads.$column'],
    [describe({ models: {} }), 'models.judge'],
    [describe({ drops: { quiet: 'no letter' } }), 'drops.silent'],
    [describe({ memory: { init: () => 0, apply() {} } }), 'hasMemory'],
    [describe({ options: SHOUT.options.extend({ more: z.string().optional() }) }), 'options.properties.more'],
    [
      describe({ options: SHOUT.options.extend({ times: z.int().default(2).describe('How often.') }) }),
      'options.properties.times.default',
    ],
    [{ ...said, options: { ...options, $comment: 'of another printer' } }, null],
    [describe({ contract: { emits: 'late' } }), null],
  ];
  for (const [found, key] of cases) assert.equal(staleKey(said, found), key);
});

const VERSIONS: [printed: string, here: string, fits: boolean][] = [
  ['0.1.0', '0.1.0', true],
  ['0.1.0', '0.1.4', true],
  ['0.1.4', '0.1.0', false],
  ['0.1.0', '0.2.0', false],
  ['0.2.0', '0.1.9', false],
  ['1.2.3', '1.9.0', true],
  ['1.9.0', '1.2.3', false],
  ['1.0.0', '2.0.0', false],
  ['0.9.0', '1.0.0', false],
  ['0.0.1', '0.0.1', true],
  ['0.0.1', '0.0.2', false],
  ['1.0.0-beta.1', '1.0.0', true],
];

for (const [printed, here, fits] of VERSIONS)
  test(`written for ${printed}, read by ${here}: ${fits ? 'fits' : 'does not'}`, () => {
    const fault = versionFault(printed, here);
    assert.equal(fault === null, fits);
    if (!fits) assert.equal(fault, `it was written for scalequest ${printed}, and this is ${here}`);
  });
