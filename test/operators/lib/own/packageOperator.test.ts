import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { checkDefinition } from '../../../../src/operators/lib/own/operatorDefinition.js';
import { describeOperator } from '../../../../src/operators/lib/own/operatorManifest.js';
import { packageOperator } from '../../../../src/operators/lib/own/packageOperator.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../../../helpers/runs/runOperator.js';
import { messageText, scriptedModel } from '../../../helpers/scriptedModel.js';

const DEFINITION = checkDefinition(
  {
    summary: 'Writes a text in capitals, and has models look at it.',
    options: z
      .strictObject({
        column: z.string(),
        into: z.string().default('loud'),
        times: z.int().min(1).default(1),
        model: z.string(),
      })
      .refine(({ column, into }) => column !== into, { message: 'expected two columns', path: ['into'] }),
    example: { column: 'question', model: 'tiny', times: 2 },
    reads: { $column: 'string' },
    writes: [
      { name: '$into', type: 'string', help: 'Loud.' },
      { name: 'said', type: 'list<string>', help: 'What models said.' },
    ],
    drops: { silent: 'no letter' },
    models: { $model: 'complete', judge: 'complete' },
    async row(
      { $column: text }: { $column: string },
      {
        ask,
        options,
        drop,
      }: {
        ask: (role: string, text: string) => Promise<string[]>;
        options: { times: number };
        drop: (why: string) => object;
      },
    ) {
      if (!/[a-z]/i.test(text)) return drop('silent');
      const said = [...(await ask('$model', text)), ...(await ask('judge', text))];
      return { $into: text.toUpperCase().repeat(options.times), said };
    },
  },
  'it',
);

const DESCRIBED = describeOperator(DEFINITION, 'shout', 'it');
const ORIGIN = { from: './shout', module: '/at/shout/index.js', folder: '/at/shout' };
const declared = packageOperator('shout', DESCRIBED, ORIGIN);
const loaded = packageOperator('shout', DESCRIBED, ORIGIN, DEFINITION);
const OPTIONS = { column: 'question', model: 'tiny', times: 2, models: { judge: 'other' } };

for (const [spec, what] of [
  [declared, 'without its code'],
  [loaded, 'with its code'],
] as const)
  test(`${what}: columns and models follow from the options; it is row-wise`, () => {
    const parsed = spec.options.parse(OPTIONS);
    assert.deepEqual(spec.reads(parsed), { question: 'string' });
    assert.deepEqual(
      spec.writes(parsed).map(({ name }) => name),
      ['loud', 'said'],
    );
    assert.deepEqual(spec.models(parsed), [
      { model: 'tiny', needs: 'complete', at: ['model'] },
      { model: 'other', needs: 'complete', at: ['models', 'judge'] },
    ]);
    assert.equal(spec.isRowwise, true);
    assert.equal(spec.example, '- shout: { column: question, model: tiny, times: 2 }');
    const json = z.toJSONSchema(spec.options, { io: 'input' }) as { properties: object };
    assert.deepEqual(Object.keys(json.properties), ['column', 'into', 'times', 'model', 'models']);
    const bad: [options: object, path: string][] = [
      [{ ...OPTIONS, tims: 2 }, ''],
      [{ ...OPTIONS, times: 0 }, 'times'],
      [{ ...OPTIONS, models: { jugde: 'other' } }, 'models'],
      [{ ...OPTIONS, into: 'seq' }, 'into'],
    ];
    for (const [options, path] of bad) {
      const { error } = spec.options.safeParse(options);
      assert.deepEqual(
        error!.issues.map((issue) => issue.path.join('.')),
        [path],
      );
    }
  });

test('what the code alone knows of its options is told when it is loaded', () => {
  const same = { ...OPTIONS, into: 'question' };
  assert.ok(declared.options.safeParse(same).success);
  assert.deepEqual(
    loaded.options.safeParse(same).error!.issues.map(({ path, message }) => [path, message]),
    [[['into'], 'expected two columns']],
  );
});

test('without options, as for docs, it tells the names that it declares', () => {
  assert.deepEqual(Object.keys(declared.reads(undefined)), ['$column']);
  assert.equal(declared.models(undefined)[1]!.model, 'judge');
});

test('it runs under the name of its step; without its code it streams no row', async () => {
  const said = (name: string) =>
    scriptedModel({ complete: (request) => [`${name} ${messageText(request)} ${request.seed}`] }, name);
  const context = contextOf([said('tiny'), said('other')], { step: 'shout' });
  const output = await runOperator(loaded.operator(OPTIONS, context), questionsInput(['a', '…', 'b']));
  assert.deepEqual(
    output.rows.map(({ loud }) => loud),
    ['AA', 'BB'],
  );
  assert.match((output.rows[0]!['said'] as string[]).join(), /^tiny a \d+,other a \d+$/);
  assert.deepEqual(lostTexts(output), ['1 dropped silent']);
  const operator = declared.operator(OPTIONS, context);
  assert.throws(() => operator(undefined as never), { code: 'ERR_INVARIANT', message: /was not loaded/ });
});

test('examples are written as YAML reads them', () => {
  const example = { a: [1, 'two words', 'yes'], b: { c: null }, 'd e': '3' };
  const options = { type: 'object', properties: {} };
  const { example: text } = packageOperator(
    'own',
    { ...DESCRIBED, options: { ...options, type: 'object' }, example },
    ORIGIN,
  );
  assert.equal(text, '- own: { a: [1, "two words", "yes"], b: { c: null }, "d e": "3" }');
});
