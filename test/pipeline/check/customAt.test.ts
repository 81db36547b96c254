import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PACKAGE_FOLDER, packageManifest } from '../../../src/io/files/packageFiles.js';
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

/** A package beside the built code, as users install one. */
const NAME = `own-operators-${process.pid}`;
const FOLDER = join(PACKAGE_FOLDER, 'dist', 'node_modules', NAME);

function installPackage(): void {
  mkdirSync(FOLDER, { recursive: true });
  const operators = {
    shout: { reads: { question: 'string' }, writes: { loud: 'struct<text: string>' } },
    default: { writes: {} },
  };
  const manifest = { name: NAME, type: 'module', exports: './index.js', scalequest: { operators } };
  writeFileSync(join(FOLDER, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(FOLDER, 'index.js'),
    `export const shout = {
       reads: { question: 'string' },
       writes: [{ name: 'loud', type: 'struct<text: string>', help: 'Loud.' }],
       models: { judge: 'complete' },
       options: { '~standard': { version: 1, vendor: 'own', validate: (value) =>
         value.times > 9 ? { issues: [{ message: 'expected at most 9', path: ['times'] }] } : { value } } },
       row: ({ question }) => ({ loud: { text: question.toUpperCase() } }),
     };
     export default { row() {} };
     globalThis.${NAME.replaceAll('-', '_')} = true;`,
  );
}

function wasExecuted(): boolean {
  return NAME.replaceAll('-', '_') in globalThis;
}

const SHOUT = `path: ${NAME}#shout, models: { judge: tiny }`;

after(() => rmSync(FOLDER, { recursive: true, force: true }));

test('an operator of a package is named behind its #; its package.json tells its columns without executing it', async () => {
  installPackage();
  const text = withSteps(GENERATE, `custom: { ${SHOUT} }`);
  const { columns, undeclared, identity } = await checkText(text, [], { ...LOOKING, packageManifest });
  assert.deepEqual(columns.map(({ name, type }) => `${name}: ${type}`).at(-1), 'loud: struct<text: string>');
  assert.deepEqual([undeclared, wasExecuted()], [[], false]);

  const loaded = await checkText(text, [], { packageManifest });
  assert.ok(wasExecuted());
  assert.deepEqual([loaded.columns.at(-1)!.help, loaded.identity], ['Loud.', identity]);
  assert.deepEqual(loaded.steps[1]!.spec.models(loaded.steps[1]!.parsed), [
    { model: 'tiny', needs: 'complete', at: ['models', 'judge'] },
  ]);
});

test('before the module is loaded its models must be there; when it is, its options and roles must fit', async () => {
  installPackage();
  const misnamed = withSteps(GENERATE, `custom: { path: ${NAME}#shout, models: { judge: tinny } }`);
  const [found] = await problemsOf(misnamed, LOOKING);
  assert.match(
    found!.message,
    /:6:\d+ steps\.1\.custom\.models\.judge: no model is called "tinny"; did you mean "tiny"\?/,
  );

  const wrong: [string, RegExp][] = [
    [`${SHOUT}, options: { times: 10 }`, /steps\.1\.custom\.options\.times.*expected at most 9/],
    [
      `path: ${NAME}#shout, models: { jugde: tiny }`,
      /models\.jugde.*the module asks models as judge, not as jugde/,
    ],
    [`path: ${NAME}#shuot`, /exports no "shuot"; it exports shout/],
    [`path: ${NAME}#toString`, /exports no "toString"/],
    [`path: ${NAME}, models: { judge: tiny }`, /the module asks no model, not as judge/],
  ];
  for (const [step, message] of wrong) {
    const problems = await problemsOf(withSteps(GENERATE, `custom: { ${step} }`));
    assert.match(problems[0]!.message, message);
  }
});

test('a model that a role names decides rows: another identity', async () => {
  installPackage();
  const text = withSteps(GENERATE, `custom: { ${SHOUT} }`);
  const one = await checkText(text);
  const other = await checkText(text.replace('judge: tiny', 'judge: chat'));
  assert.notEqual(one.identity, other.identity);
});

test('what a package.json says of nothing that can be read is nothing', () => {
  installPackage();
  assert.deepEqual(Object.keys((packageManifest(NAME) as { operators: object }).operators), [
    'shout',
    'default',
  ]);
  assert.equal(packageManifest('no-such-package'), undefined);
  assert.equal(packageManifest('zod'), undefined);
});
