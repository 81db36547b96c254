import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeRegExp } from '../../src/text/escapeRegExp.js';

test('an escaped text finds itself and nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, other) => {
      const whole = new RegExp(`^${escapeRegExp(text)}$`);
      assert.ok(whole.test(text));
      assert.equal(whole.test(other), other === text);
    }),
  );
  assert.ok(new RegExp(escapeRegExp('[a-c]|(x+)')).test('z[a-c]|(x+)'));
});
