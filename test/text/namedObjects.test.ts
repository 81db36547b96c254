import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedObjects } from '../../src/text/namedObjects.js';

const FOUND: [text: string, objects: unknown[]][] = [
  ['{"score": 4}', [{ score: 4 }]],
  ['So: ```json\n{ "score" : 4, "why": "a } b" }\n```', [{ score: 4, why: 'a } b' }]],
  ['{"score": {"score": 1}} and {"score": 2}', [{ score: { score: 1 } }, { score: 2 }]],
  ['{"all": {"score": 3}}', [{ score: 3 }]],
  ['{"score": 4, "why": "\\alpha and \\\\beta, \\"x\\""}', [{ score: 4, why: '\\alpha and \\beta, "x"' }]],
  ['{"score": 4, "why": "one\ntwo"}', [{ score: 4, why: 'one\ntwo' }]],
  ['{"score": 4, "why": "as \\frac{1}{2} of \\beta"}', [{ score: 4, why: 'as \\frac{1}{2} of \\beta' }]],
  ['{"why": "{\\"score\\": 9}", "n": 1}', []],
  ['{"score": 4', []],
  ['{"score": four} {"score": 5}', [{ score: 5 }]],
  ['score: 4', []],
];

for (const [text, objects] of FOUND) {
  test(`the objects with a score in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(namedObjects(text, ['score', 'mark']), objects);
  });
}

test('keys are no patterns', () => {
  assert.deepEqual(namedObjects('{"axb": 1} {"a.b": 2}', ['a.b']), [{ 'a.b': 2 }]);
});
