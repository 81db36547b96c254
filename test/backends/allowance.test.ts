import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptTokensMax } from '../../src/backends/allowance.js';

test('a prompt has at most a token for each byte, beside those of a template', () => {
  assert.ok(promptTokensMax(0) >= 100);
  assert.equal(promptTokensMax(1000) - promptTokensMax(0), 1000);
});
