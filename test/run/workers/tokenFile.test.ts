import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTokenFile, tokenOf } from '../../../src/run/workers/tokenFile.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

test('a token comes from a file without its line end', () => {
  const file = join(temporaryFolder(), 'token');
  writeFileSync(file, '0123456789abcdef\n');
  assert.equal(tokenOf(readTokenFile(file)), '0123456789abcdef');
});

test('no token, a short one, or one that no header takes: said without showing it', () => {
  assert.throws(() => tokenOf(undefined), {
    code: 'ERR_USAGE',
    message: /no token.*SCALEQUEST_WORKER_TOKEN/,
  });
  assert.throws(() => tokenOf('secret'), { code: 'ERR_USAGE', message: /a token of 6 characters/ });
  assert.throws(() => tokenOf('0123456789 abcdef'), { code: 'ERR_USAGE' });
  assert.throws(() => readTokenFile('/nowhere/token'), {
    code: 'ERR_IO_READ',
    message: /token of the workers/,
  });
});
