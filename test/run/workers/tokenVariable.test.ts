import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';
import { WORKER_TOKEN_VARIABLE } from '../../../src/run/workers/tokenVariable.js';

test('the docs export the variable that is read', () => {
  const text = readFileSync(join(PACKAGE_FOLDER, 'docs', 'scale.md'), 'utf8');
  assert.ok(text.includes(`export ${WORKER_TOKEN_VARIABLE}=`));
});
