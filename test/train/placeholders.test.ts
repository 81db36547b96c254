import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLACEHOLDERS, fillPlaceholders, unknownPlaceholders } from '../../src/train/placeholders.js';

test('every placeholder is known, with any spaces; others are named', () => {
  for (const name of PLACEHOLDERS) assert.deepEqual(unknownPlaceholders(`a{{${name}}}b {{  ${name} }}`), []);
  assert.deepEqual(unknownPlaceholders('{{ dta }} {{}} {{ output }} { x } {{ a b }}'), ['dta', '', 'a b']);
});

test('values go in as they are, once', () => {
  const values = Object.fromEntries(PLACEHOLDERS.map((name) => [name, `$&{{ ${name} }}`])) as never;
  assert.equal(fillPlaceholders('--x={{ data }}|{{seed}}', values), '--x=$&{{ data }}|$&{{ seed }}');
});
