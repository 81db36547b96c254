import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '../../helpers/pipelineWorld.js';

/** What a wrong value is told of, where its schema is one of several. */

function exporting(...lines: string[]): string {
  return [
    ...['name: explain', 'limit: 2', 'models:', '  tiny: { llamaCpp: { path: ../models/tiny.gguf } }'],
    ...['steps:', '  - generate: { generators: [{ model: tiny }] }', 'exports:', ...lines],
  ].join('\n');
}

const CASES: [line: string, key: string, message: RegExp][] = [
  ['  a: { format: mesages }', 'exports.a.format', /found "mesages", did you mean "messages"\?/],
  ['  a: { format: xyz }', 'exports.a.format', /found "xyz", expected one of: queryResponse, messages, /],
  ['  a: {}', 'exports.a.format', /found nothing, expected one of: queryResponse, messages, /],
  ['  a: { format: messages, sytem: hi }', 'exports.a.sytem', /unknown key; did you mean "system"\?/],
];

for (const [line, key, message] of CASES) {
  test(`${line.trim()} is told as ${key}`, async () => {
    const [problem] = await problemsOf(exporting(line));
    assert.equal(problem!.at?.key, key);
    assert.equal(problem!.at?.line, 8);
    assert.match(problem!.message, message);
  });
}
