import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { checkText, problemsOf } from '../../helpers/runs/pipelineWorld.js';
import { GENERATE, withSteps } from '../../helpers/texts/checkCases.js';
import { countWordsPath } from '../../helpers/operatorCases.js';

/** `check` and `plan` load no module; a run does. */
const LOOKING = { loadsModules: false };

const OWN = JSON.stringify(countWordsPath());

test('without its module a step is what it declares, and its columns are known', async () => {
  const text = withSteps(
    GENERATE,
    `custom: { path: ${OWN}, reads: { question: string }, writes: { words: int32 } }`,
  );
  const { columns, undeclared, steps } = await checkText(text, [], LOOKING);
  assert.deepEqual(
    columns.map(({ name }) => name),
    ['seq', 'question', 'generator', 'words'],
  );
  assert.deepEqual(undeclared, []);
  assert.deepEqual(steps[1]!.spec.reads(steps[1]!.parsed), { question: 'string' });
});

test('without a declaration the columns after it are not known, and none is called missing', async () => {
  const text = withSteps(GENERATE, `{ label: own, custom: { path: ${OWN} } }`, 'filterAnswered: {}');
  const { undeclared } = await checkText(text, [], LOOKING);
  assert.deepEqual(undeclared, ['own']);
  const [found] = await problemsOf(text);
  assert.match(found!.message, /filterAnswered reads the column "responses"/);
});

test('what it declares to read must be there', async () => {
  const text = withSteps(GENERATE, `custom: { path: ${OWN}, reads: { nothing: string }, writes: {} }`);
  const [found, ...more] = await problemsOf(text, LOOKING);
  assert.deepEqual(more, []);
  assert.match(found!.message, /custom reads the column "nothing", which no step before it writes/);
});

test('the identity of a run is the same with and without the module, whatever is declared', async () => {
  const plain = withSteps(GENERATE, `custom: { path: ${OWN}, options: { wordsMin: 3 } }`);
  const declared = plain.replace('options:', 'writes: { words: int32 }, options:');
  const identities = await Promise.all([
    checkText(plain),
    checkText(plain, [], LOOKING),
    checkText(declared),
    checkText(declared, [], LOOKING),
  ]);
  assert.equal(new Set(identities.map(({ identity }) => identity)).size, 1);
});

test('a module that a link of a chain will write is no mistake', async () => {
  const text = withSteps(GENERATE, 'custom: { path: ./later.mjs }');
  const isPending = (path: string): boolean => path.endsWith('later.mjs');
  assert.deepEqual((await checkText(text, [], { isPending })).undeclared, ['custom']);
});

test('the module must do what is declared of it', async () => {
  const text = withSteps(GENERATE, `custom: { path: ${OWN}, reads: { answer: string } }`);
  const [found] = await problemsOf(text);
  assert.equal(found!.code, 'ERR_OPERATOR_LOAD');
  assert.match(
    found!.message,
    /reads: found answer: string, but the module reads question: string; write these/,
  );
});

/** A module with two operators, each behind its name. */
const MODULE = join(temporaryFolder(), 'own.mjs');
writeFileSync(
  MODULE,
  `export const shout = {
     reads: { question: 'string' },
     writes: [{ name: 'loud', type: 'struct<text: string>', help: 'Loud.' }],
     models: { judge: 'complete' },
     options: { '~standard': { version: 1, vendor: 'own', validate: (value) =>
       value.times > 9 ? { issues: [{ message: 'expected at most 9', path: ['times'] }] } : { value } } },
     row: ({ question }) => ({ loud: { text: question.toUpperCase() } }),
   };
   export default { row() {} };
   globalThis.ownOfCustomAt = true;`,
);
const PATH = JSON.stringify(`${MODULE}#shout`);
const SHOUT = `path: ${PATH}, models: { judge: tiny }`;

test('an operator is named behind a #; without its module its models must be there all the same', async () => {
  const misnamed = withSteps(GENERATE, `custom: { path: ${PATH}, models: { judge: tinny } }`);
  const [found] = await problemsOf(misnamed, LOOKING);
  assert.match(
    found!.message,
    /:6:\d+ steps\.1\.custom\.models\.judge: no model is called "tinny"; did you mean "tiny"\?/,
  );
  assert.ok(!('ownOfCustomAt' in globalThis));

  const loaded = await checkText(withSteps(GENERATE, `custom: { ${SHOUT} }`));
  assert.ok('ownOfCustomAt' in globalThis);
  assert.equal(loaded.columns.at(-1)!.help, 'Loud.');
  assert.deepEqual(loaded.steps[1]!.spec.models(loaded.steps[1]!.parsed), [
    { model: 'tiny', needs: 'complete', at: ['models', 'judge'] },
  ]);
});

const WRONG: [step: string, message: RegExp][] = [
  [`${SHOUT}, options: { times: 10 }`, /steps\.1\.custom\.options\.times.*expected at most 9/],
  [`path: ${PATH}, models: { jugde: tiny }`, /models\.jugde.*the module asks models as judge, not as jugde/],
  [`path: ${JSON.stringify(`${MODULE}#shuot`)}`, /exports no "shuot"; it exports shout/],
  [`path: ${JSON.stringify(`${MODULE}#toString`)}`, /exports no "toString"/],
  [`path: ${JSON.stringify(MODULE)}, models: { judge: tiny }`, /the module asks no model, not as judge/],
  ['path: my-operators#shout', /found no path of a file.*name it in `operators`/],
];

for (const [step, message] of WRONG)
  test(`when a module is loaded its options and roles must fit: ${step}`, async () => {
    const problems = await problemsOf(withSteps(GENERATE, `custom: { ${step} }`));
    assert.match(problems[0]!.message, message);
  });

test('a model that a role names decides rows: another identity', async () => {
  const text = withSteps(GENERATE, `custom: { ${SHOUT} }`);
  const one = await checkText(text);
  const other = await checkText(text.replace('judge: tiny', 'judge: chat'));
  assert.notEqual(one.identity, other.identity);
});
