import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkText, problemsOf } from '../../helpers/pipelineWorld.js';
import { GENERATE, withSteps } from '../../helpers/checkCases.js';
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
