import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES, RowError, ScaleQuestError, printPosition } from '../../src/errors.js';
import { codeOf, sourceFiles } from '../helpers/files/sourceFiles.js';

const CODE = sourceFiles('src').filter(({ path }) => path !== 'src/errors.ts');

test('every code is raised somewhere, and has a meaning in words', () => {
  const raised = new Set(CODE.flatMap((file) => codeOf(file).match(/\b(ERR|ROW)_[A-Z_]+\b/g) ?? []));
  const silent = Object.keys(ERROR_CODES).filter((code) => !raised.has(code));
  assert.deepEqual(silent, []);
  for (const meaning of Object.values(ERROR_CODES)) assert.match(meaning, /^\S.{10,}[^.]$/);
});

/** They run in a process, thread or browser of their own; the other side gives what they throw its code. */
const OTHER_SIDE = ['src/backends/llamaCpp/engine.ts', 'src/page/dom/view/api.ts'];

test('src throws errors with codes', () => {
  const plain = CODE.filter((file) => /throw new (Error|TypeError|RangeError)\(/.test(codeOf(file)));
  assert.deepEqual(
    plain.map(({ path }) => path).filter((path) => !OTHER_SIDE.includes(path)),
    [],
  );
});

test('an error keeps code, place, facts and cause; its message begins with the place', () => {
  const cause = new Error('deep');
  const at = { file: 'p.yaml', line: 3, column: 7, key: 'steps.0' };
  const error = new ScaleQuestError('ERR_PIPELINE_INVALID', 'found 1', { at, cause, data: { step: 'x' } });
  assert.equal(error.message, 'p.yaml:3:7 steps.0: found 1');
  assert.deepEqual(
    [error.code, error.at, error.data, error.cause],
    ['ERR_PIPELINE_INVALID', at, { step: 'x' }, cause],
  );
  assert.equal(new ScaleQuestError('ERR_USAGE', 'x').name, 'ScaleQuestError');
});

test('a RowError is told apart by its class', () => {
  const error = new RowError('ROW_EMPTY', 'x');
  assert.ok(error instanceof ScaleQuestError && error.name === 'RowError');
  assert.ok(!(new ScaleQuestError('ROW_EMPTY', 'x') instanceof RowError));
});

test('places are printed as editors link them', () => {
  assert.equal(printPosition({ file: 'a' }), 'a:');
  assert.equal(printPosition({ file: 'a', line: 2 }), 'a:2:');
  assert.equal(printPosition({ file: 'a', line: 2, column: 3, key: 'k' }), 'a:2:3 k:');
  assert.equal(printPosition({ file: '--set a=\u0085\u001b[2J', key: 'b' }), '--set a=\\x85\\x1b[2J b:');
});
