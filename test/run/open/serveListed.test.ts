import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveListed } from '../../../src/run/open/serveListed.js';

test('what keeps a server from being listed is told before it is started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-serve-'));
  const options = {
    ...{ folder, command: ['false'], startTimeoutMs: 1000, signal: new AbortController().signal },
    onEvent: () => assert.fail('nothing was to be started'),
  };
  await assert.rejects(serveListed({ ...options, apiKeyEnv: 'NOT_SET_ANYWHERE' }), {
    code: 'ERR_MODEL_LOAD',
  });
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await assert.rejects(serveListed({ ...options, folder: file }), {
    code: 'ERR_USAGE',
    message: /expected a folder/,
  });
  rmSync(folder, { recursive: true });
});
