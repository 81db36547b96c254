import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES, EXIT_CODE_HELP, exitCodeOf } from '../../src/cli/exitCodes.js';
import { ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

const EXPECTED: Partial<Record<ErrorCode, keyof typeof EXIT_CODES>> = {
  ERR_USAGE: 'usage',
  ERR_PIPELINE_READ: 'invalidPipeline',
  ERR_PIPELINE_SYNTAX: 'invalidPipeline',
  ERR_PIPELINE_INVALID: 'invalidPipeline',
  ERR_PIPELINE_COLUMN: 'invalidPipeline',
  ERR_PIPELINE_MODEL: 'invalidPipeline',
  ERR_PIPELINE_BOUND: 'invalidPipeline',
  ERR_OPERATOR_LOAD: 'invalidPipeline',
  ERR_RUN_FOLDER: 'io',
  ERR_IO_WRITE: 'io',
  ERR_IO_READ: 'io',
  ERR_DATA_INVALID: 'io',
  ERR_BUDGET: 'budget',
  ERR_CANCELLED: 'cancelled',
  ERR_MODEL_LOAD: 'model',
  ERR_MODEL_UNREACHABLE: 'model',
  ERR_MODEL_REFUSED: 'model',
  ERR_MODEL_PROTOCOL: 'model',
  ERR_MODEL_TEMPLATE: 'model',
  ERR_MODEL_CRASHED: 'model',
  ERR_RUN_TAKEN_OVER: 'takenOver',
  ERR_CLUSTER_UNREACHABLE: 'cluster',
  ERR_CLUSTER_REFUSED: 'cluster',
  ERR_CLUSTER_PROTOCOL: 'cluster',
  ERR_CLUSTER_JOB: 'cluster',
  ERR_TRAIN_DATA: 'training',
  ERR_TRAIN_MODEL: 'training',
  ERR_TRAIN_RUNNING: 'training',
  ERR_TRAIN_OUTPUT: 'training',
  ERR_TRAIN_FAILED: 'training',
  ERR_TRAIN_HUNG: 'training',
  ERR_STORE_OPEN: 'io',
  ERR_STORE_FOREIGN: 'io',
  ERR_STORE_VERSION: 'io',
  ERR_STORE_DAMAGED: 'io',
  ERR_STORE_WRITE: 'io',
};

for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
  test(`${code} ends the command with ${EXPECTED[code] ?? 'failed'}`, () => {
    assert.equal(exitCodeOf(code), EXIT_CODES[EXPECTED[code] ?? 'failed']);
  });
}

test('every exit code is another number and has a line of help', () => {
  assert.equal(new Set(Object.values(EXIT_CODES)).size, Object.keys(EXIT_CODES).length);
  assert.deepEqual(Object.keys(EXIT_CODE_HELP), Object.keys(EXIT_CODES));
});

test('docs/cli.md lists every exit code with its line of help', () => {
  const page = readFileSync(join(PACKAGE_FOLDER, 'docs', 'cli.md'), 'utf8');
  const listed = [...page.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, help]) => `${code} ${help}`);
  const expected = Object.entries(EXIT_CODES).map(
    ([name, code]) => `${code} ${EXIT_CODE_HELP[name as keyof typeof EXIT_CODES]}`,
  );
  assert.deepEqual(listed, expected);
});
