import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { loadCustomOperator } from '../../../src/operators/custom.js';
import { defineOperator } from '../../../src/operators/lib/defineOperator.js';
import { deriveUniform } from '../../../src/random.js';
import { GENERATE, withSteps } from '../../helpers/texts/checkCases.js';
import { checkText, problemsOf } from '../../helpers/runs/pipelineWorld.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../../helpers/runs/runOperator.js';

const countWords = defineOperator({
  name: 'countWords',
  summary: 'Counts words.',
  options: z.strictObject({ wordsMin: z.int().min(1).default(2) }),
  reads: { question: 'string' },
  writes: [{ name: 'words', type: 'int32', help: 'Words in the question.' }],
  drops: { tooShort: 'the question has fewer words than `wordsMin`' },
  row({ question }, { options, drop }) {
    const words = question.split(' ').length;
    return words < options.wordsMin ? drop('tooShort') : { words };
  },
});

const QUESTIONS = questionsInput(['One two three?', 'Why?']);

test('in a pipe: options with their defaults, written columns, reasons to drop', async () => {
  const output = await runOperator(countWords({}, contextOf()), QUESTIONS);
  assert.deepEqual(output.rows, [{ seq: 0, question: 'One two three?', words: 3 }]);
  assert.deepEqual(lostTexts(output), ['1 dropped tooShort']);
  assert.equal(output.lost[0]!.step, 'countWords');
});

test('wrong options are ERR_PIPELINE_INVALID, with the name of the operator and of the option', () => {
  assert.throws(() => countWords({ wordsMin: 0 }, contextOf()), {
    code: 'ERR_PIPELINE_INVALID',
    message: /^countWords\.wordsMin: .*>=1/,
  });
});

/** The compiled library, as a user's module imports it by its name. */
const LIBRARY = new URL('../../../src/index.js', import.meta.url).href;

function moduleFile(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'scalequest-')), 'repeat.mjs');
  const schema = { '~standard': { version: 1, vendor: 'own', validate: 'VALIDATE' } };
  writeFileSync(
    path,
    `import { defineOperator } from ${JSON.stringify(LIBRARY)};
const validate = (value) => Number.isInteger(value?.times ?? 2)
  ? { value: { times: 2, ...value } }
  : { issues: [{ message: 'expected a whole number', path: ['times'] }] };
export default defineOperator({
  name: 'repeat',
  summary: 'Repeats the question.',
  options: ${JSON.stringify(schema).replace('"VALIDATE"', 'validate')},
  reads: { question: 'string' },
  writes: [{ name: 'text', type: 'string', help: 'The question, repeated.' }],
  contract: { holdsAtMost: 'one repeated question' },
  row: ({ question }, { options }) => ({ text: question.repeat(options.times) }),
});
`,
  );
  return path;
}

test('one definition is a step of a pipe and of a file, with the same rows', async () => {
  const path = moduleFile();
  const { default: repeat } = (await import(pathToFileURL(path).href)) as { default: typeof countWords };
  const { operator } = await loadCustomOperator({ file: path, exported: 'default' });
  const input = questionsInput(['a', 'b']);
  const piped = await runOperator(repeat({ times: 3 } as object, contextOf()), input);
  const stepped = await runOperator(operator({ path, options: { times: 3 } }, contextOf()), input);
  assert.deepEqual(
    piped.rows.map(({ text }) => text),
    ['aaa', 'bbb'],
  );
  assert.deepEqual(stepped.rows, piped.rows);
});

test('in a file: its schema fills in defaults, its contract is in the plan, and its mistakes have their line', async () => {
  const path = JSON.stringify(moduleFile());
  const { steps } = await checkText(withSteps(GENERATE, `custom: { path: ${path} }`));
  assert.deepEqual((steps[1]!.parsed as { options: unknown }).options, { times: 2 });
  assert.equal(steps[1]!.spec.contract.holdsAtMost, 'one repeated question');
  const [found] = await problemsOf(withSteps(GENERATE, `custom: { path: ${path}, options: { times: x } }`));
  assert.equal(found!.code, 'ERR_PIPELINE_INVALID');
  assert.match(found!.message, /:6:\d+ steps\.1\.custom\.options\.times.*found "x", expected a whole number/);
});

test('chance follows from seed, step and row, and a step’s label names it', async () => {
  const draw = defineOperator({
    name: 'draw',
    writes: [{ name: 'draw', type: 'float64', help: 'A draw.' }],
    row: (_row, { uniform }) => ({ draw: uniform() }),
  });
  const plain = await runOperator(draw({}, contextOf()), QUESTIONS);
  const labelled = await runOperator(draw({}, contextOf([], { step: 'second' })), QUESTIONS);
  assert.deepEqual(
    [plain.rows[1]!['draw'], labelled.rows[1]!['draw']],
    [deriveUniform(7, 'draw', 1), deriveUniform(7, 'second', 1)],
  );
});

test('a definition with a mistake is ERR_OPERATOR_LOAD', () => {
  const wrong = { reads: { question: 'text' }, row: () => undefined };
  assert.throws(() => defineOperator(wrong as unknown as { row: () => undefined }), {
    code: 'ERR_OPERATOR_LOAD',
    message: /the definition of the operator is unfit at reads\.question/,
  });
});
