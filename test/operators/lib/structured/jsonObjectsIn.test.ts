import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonObjectsIn } from '../../../../src/operators/lib/structured/jsonObjectsIn.js';

const CASES: [reply: string, objects: unknown[]][] = [
  ['{"a": 1}', [{ a: 1 }]],
  ['Here it is:\n```json\n{"a": {"b": "}"}}\n```\nI hope it helps.', [{ a: { b: '}' } }]],
  ['The set {1, 2} gives {"a": "{x}"} and {"b": 2}', [{ a: '{x}' }, { b: 2 }]],
  ['<think>{"a": 0}</think>{"a": 1}', [{ a: 1 }]],
  ['An open { brace, then {"a": 1}', [{ a: 1 }]],
  ['{"a": "say \\"hi\\""}', [{ a: 'say "hi"' }]],
  [String.raw`{"a": "\alpha", "b": "2 \times 3"}`, [{ a: String.raw`\alpha`, b: String.raw`2 \times 3` }]],
  ['x^{} and {} and {"a": 1}', [{ a: 1 }]],
  ['It is {} alone', [{}]],
  [`${'\\frac{1}{2}'.repeat(50)} {"a": 1}`, [{ a: 1 }]],
  ['{"score": {"score": 1}} and { "score" : 2}', [{ score: { score: 1 } }, { score: 2 }]],
  ['{"score": four} {"score": 5}', [{ score: 5 }]],
  [
    '{"a": "one\ntwo", "b": "as \\frac{1}{2} of \\beta"}',
    [{ a: 'one\ntwo', b: 'as \\frac{1}{2} of \\beta' }],
  ],
  ['{"a": 1', []],
  ["{'a': 1}", []],
  ['[1, 2]', []],
  ['', []],
];

for (const [reply, objects] of CASES) {
  test(`objects in ${JSON.stringify(reply)}`, () => assert.deepEqual([...jsonObjectsIn(reply)], objects));
}

test('linear in the reply, also where nothing is closed', () => {
  const started = process.cpuUsage();
  for (const hostile of [
    '{'.repeat(1_000_000),
    '{"'.repeat(500_000),
    '{"a": "'.repeat(200_000),
    '{"a": '.repeat(200_000),
  ]) {
    assert.deepEqual([...jsonObjectsIn(hostile)], []);
  }
  assert.ok(process.cpuUsage(started).user < 10_000_000);
});
