import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseReplyJson } from '../../../src/backends/server/replyJson.js';

test('JSON is read as it stands, also behind a byte-order mark; of a key that stands twice the last counts', () => {
  assert.deepEqual(parseReplyJson('{"a": [1, "x"]}'), { a: [1, 'x'] });
  assert.deepEqual(parseReplyJson('\ufeff{"a": 1, "a": 2}'), { a: 2 });
  for (const broken of ['', '{', '{"a": tru}', '[NaN', '"NaN', '<p>NaN</p>', 'Infinity"'])
    assert.equal(parseReplyJson(broken), undefined, broken);
});

test('NaN and Infinity, as Python writes them, become null; in texts they stay', () => {
  const text = String.raw`{"NaN": [NaN, -Infinity, 2], "t": "NaN \" -NaN \\", "u": Infinity}`;
  assert.deepEqual(parseReplyJson(text), { NaN: [null, null, 2], t: 'NaN " -NaN \\', u: null });
});

test('any value in which some numbers are NaN reads back with null for them', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      const written = JSON.stringify({ value, text, marked: 'HERE' }).replace('"HERE"', '[NaN,-Infinity]');
      assert.deepEqual(
        parseReplyJson(written),
        JSON.parse(written.replace('[NaN,-Infinity]', '[null,null]')),
      );
    }),
  );
});

test('long and deep replies, whole and broken, cost time in proportion to their length, and never an exception', () => {
  const texts = [
    `{"a": NaN, "b": "${'x'.repeat(1e7)}`,
    `{"a": NaN, "b": "${'\\'.repeat(1e6)}`,
    `{"a": NaN, "b": "${'\\"'.repeat(1e6)}`,
    `{"a": NaN ${'"" '.repeat(5e5)}`,
    `${'['.repeat(1e6)}NaN`,
    `${'-'.repeat(1e6)}NaN`,
    `${'['.repeat(5000)}NaN${']'.repeat(5000)}`,
  ];
  for (const text of texts) {
    const before = process.cpuUsage();
    parseReplyJson(text);
    const { user, system } = process.cpuUsage(before);
    const perMegabyteMs = (user + system) / 1000 / Math.max(1, text.length / 1e6);
    assert.ok(perMegabyteMs < 250, `${text.slice(0, 20)}: ${perMegabyteMs} ms a megabyte`);
  }
});
