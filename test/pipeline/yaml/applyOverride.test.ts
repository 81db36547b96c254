import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { applyOverride } from '../../../src/pipeline/yaml/applyOverride.js';

test('a value is set, and its position is the flag', () => {
  const document = parseDocument('steps: [{ respond: { n: 1 } }]');
  const applied = applyOverride(document, { path: ['steps', 'respond', 'n'], value: '2' });
  assert.deepEqual(applied.keys, ['steps', 0, 'respond', 'n']);
  assert.equal(applied.position.file, '--set steps.respond.n=2');
  assert.deepEqual(document.toJS(), { steps: [{ respond: { n: 2 } }] });
});

for (const value of ['*x', '[', '{ a: *x }', 'a: 1\n---\nb: 2'])
  test(`the value ${JSON.stringify(value)} cannot be understood`, () => {
    const document = parseDocument('a: 1');
    assert.throws(() => applyOverride(document, { path: ['a'], value }), {
      code: 'ERR_USAGE',
      message: /^--set a=/,
    });
  });
