import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exactNumber, isExactNumber, parseExactJson } from '../../../src/io/values/exactJson.js';

/** With the numbers that JavaScript makes of the digits, and plain objects. */
function asPlain(value: unknown): unknown {
  if (isExactNumber(value)) return Number(value.digits);
  if (Array.isArray(value)) return value.map(asPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asPlain(each)]));
}

test('reads what JSON.parse reads, and refuses what it refuses', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(asPlain(parseExactJson(text)), JSON.parse(text));
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[],:"\\ 019-+.eEtruefalsn\n') }), (text) => {
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        assert.throws(() => parseExactJson(text), SyntaxError);
        return;
      }
      assert.deepEqual(asPlain(parseExactJson(text)), expected);
    }),
    { numRuns: 3000 },
  );
});

test('numbers keep their digits; what is no number is null; any key is a key', () => {
  const read = parseExactJson(
    '{"n":9007199254740993,"d":1.50,"nan":[NaN,Infinity,-Infinity],"__proto__":1,"a":1,"a":"2\\"\\\\"}',
  ) as Record<string, unknown>;
  assert.deepEqual(read['n'], exactNumber('9007199254740993'));
  assert.deepEqual(read['d'], exactNumber('1.50'));
  assert.deepEqual(read['nan'], [null, null, null]);
  assert.deepEqual(Object.keys(read), ['n', 'd', 'nan', '__proto__', 'a']);
  assert.equal(read['a'], '2"\\');
  assert.equal(isExactNumber({ digits: '5' }), false);
  assert.throws(() => parseExactJson('NaNa'), SyntaxError);
});

test('depth and length cost time in proportion', () => {
  const deep = `${'['.repeat(300_000)}${']'.repeat(300_000)}`;
  assert.ok(Array.isArray(parseExactJson(deep)));
  assert.throws(() => parseExactJson('['.repeat(300_000)), SyntaxError);
  const quotes = JSON.stringify('\\"'.repeat(300_000));
  assert.equal(parseExactJson(quotes), JSON.parse(quotes));
});
