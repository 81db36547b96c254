import assert from 'node:assert/strict';
import { test } from 'node:test';
import { synonymOf } from '../../../src/pipeline/check/synonyms.js';

const WORDS: [word: string, known: string[], meant: string | null][] = [
  ['max_tokens', ['n', 'tokensMax'], 'tokensMax'],
  ['MAX-TOKENS', ['tokensMax'], 'tokensMax'],
  ['max_tokens', ['contextTokens'], 'contextTokens'],
  ['max_tokens', ['n'], null],
  ['top_p', ['topP'], 'topP'],
  ['base_url', ['replicas'], 'replicas'],
  ['constructor', ['model'], null],
  ['x'.repeat(1e6), ['model'], null],
];

for (const [word, known, meant] of WORDS)
  test(`${word.slice(0, 20)} among ${known.join()} means ${meant ?? 'nothing'}`, () =>
    assert.equal(synonymOf(word, known), meant));
