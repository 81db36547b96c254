import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import {
  IMMEDIATE,
  defineSpec,
  modelOf,
  parseOptions,
  rowSeed,
  rowUniform,
  shapeOf,
} from '../../../src/operators/lib/operator.js';
import { deriveSeed, deriveUniform } from '../../../src/random.js';
import { contextOf } from '../../helpers/runs/runOperator.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

const options = z.strictObject({ n: z.int().min(1).default(3), column: z.string() });

const spec = defineSpec({
  name: 'sample',
  summary: 'A sample.',
  options,
  reads: ({ column }) => ({ [column]: 'string' }),
  optional: ({ column }) => [column],
  writes: () => [{ name: 'words', type: 'int32', help: 'Words.' }],
  models: () => [],
  drops: {},
  contract: IMMEDIATE,
  example: '- sample: {}',
  operator: (_input: z.input<typeof options>) => (source) => source,
});

test('parseOptions: defaults are filled in', () => {
  assert.deepEqual(parseOptions('sample', options, { column: 'a' }), { n: 3, column: 'a' });
});

test('parseOptions: every mistake is named with its path', () => {
  assert.throws(() => parseOptions('sample', options, { n: 0, colum: 'a' }), {
    code: 'ERR_PIPELINE_INVALID',
    message: /sample\.n: .*sample\.column: .*"colum".*docs\/steps\.md lists the options of sample/,
  });
});

test('shapeOf: columns follow the options, the name is the label', () => {
  const counted: string[] = [];
  const context = contextOf([], { step: 'second', at: 4, onCounts: (step) => void counted.push(step) });
  const shape = shapeOf(spec, { n: 1, column: 'a' }, context);
  assert.deepEqual(
    [shape.step, shape.at, shape.reads, shape.optional, shape.writes[0].name],
    ['second', 4, { a: 'string' }, ['a'], 'words'],
  );
  shape.onCounts!({ rowsIn: 1, kept: 1, dropped: 0, rejected: 0 });
  assert.deepEqual(counted, ['second']);
  assert.equal(shapeOf(spec, { n: 1, column: 'a' }, contextOf()).step, 'sample');
});

test('modelOf: a model by its name, or what names there are', () => {
  const tiny = scriptedModel({}, 'tiny');
  assert.equal(modelOf(contextOf([tiny]), 'tiny'), tiny);
  assert.throws(() => modelOf(contextOf([tiny]), 'constructor'), { code: 'ERR_PIPELINE_MODEL' });
  assert.throws(() => modelOf(contextOf([tiny]), 'tniy'), {
    code: 'ERR_PIPELINE_MODEL',
    message: 'no model is called "tniy", expected one of: tiny',
  });
});

test('rowSeed and rowUniform: of run, step, row and sample; rows made of one differ from it and from each other', () => {
  const context = contextOf();
  const row = { seq: 5, seqIndex: 0 };
  assert.equal(rowSeed(context, 'respond', row), deriveSeed(7, 'respond', 5, 0));
  assert.equal(rowUniform(context, 'draw', row), deriveUniform(7, 'draw', 5));
  const seeds = [
    rowSeed(context, 'respond', row),
    rowSeed(context, 'respond', row, 1),
    rowSeed(context, 'respond', { seq: 5, seqIndex: 1 }),
    rowSeed(context, 'respond', { seq: 5, seqIndex: 2 }),
    rowSeed(context, 'rewrite', row),
    rowSeed(contextOf([], { seed: 8 }), 'respond', row),
  ];
  assert.equal(new Set(seeds).size, seeds.length);
});
