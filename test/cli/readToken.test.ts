import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readToken } from '../../src/cli/readToken.js';
import { WORKER_TOKEN_VARIABLE } from '../../src/run/workers/tokenVariable.js';
import { temporaryFolder } from '../helpers/commandLine.js';

test('a file goes before the environment, and both ends read the same variable', async () => {
  assert.equal(WORKER_TOKEN_VARIABLE, 'SCALEQUEST_WORKER_TOKEN');
  const file = join(temporaryFolder(), 'token');
  writeFileSync(file, 'of-the-file-0123456\n');
  process.env[WORKER_TOKEN_VARIABLE] = 'of-the-environment';
  try {
    assert.equal(await readToken(file), 'of-the-file-0123456');
    assert.equal(await readToken(undefined), 'of-the-environment');
  } finally {
    delete process.env[WORKER_TOKEN_VARIABLE];
  }
  await assert.rejects(readToken(undefined), { code: 'ERR_USAGE' });
});
