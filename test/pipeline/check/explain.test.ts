import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '../../helpers/runs/pipelineWorld.js';

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

const SERVER = ['name: explain', 'limit: 2', 'steps: [{ generate: { generators: [{ model: m }] } }]'];

const MEANT: [server: string, key: string, message: RegExp][] = [
  ['model: 7', 'model', /found 7, expected a string; put it in quotes$/],
  ['model: x, replicas: "http://h/v1"', 'replicas', /expected a list; put it in brackets, also if it is one/],
  [
    'model: x, slots: "${SLOTS}"',
    'slots',
    /expected a number; a variable fills in a text: give any other value by --set$/,
  ],
  ['model: x, slots: "5"', 'slots', /expected a number; write 5, without quotes/],
  ['model: x, extra: { a: .inf }', 'extra.a', /found Infinity, expected another kind of value$/],
  // What may be a key is shown nowhere.
  ['model: x, apiKeyEnv: sk-4711', 'apiKeyEnv', /found a text that is no name, expected the name of an env/],
  [
    'model: x, replicas: ["http://me:sk-4711@h/v1"]',
    'replicas.0',
    /found "http:\/\/…@h\/v1", expected a url without/,
  ],
];

for (const [server, key, message] of MEANT) {
  test(`${server}: what was meant is told`, async () => {
    const replicas = server.includes('replicas') ? '' : 'replicas: ["http://h/v1"], ';
    const text = [...SERVER, `models: { m: { openai: { ${replicas}${server} } } }`].join('\n');
    const problems = await problemsOf(text, { env: { SLOTS: '5' } });
    const [problem] = problems.filter(({ at }) => at?.key === `models.m.openai.${key}`);
    assert.match(problem!.message, message);
    assert.ok(problems.every(({ message: said }) => !said.includes('4711')));
  });
}

const ALONE: [line: string, key: string, message: RegExp][] = [
  [
    'source: { jsonl: a.jsonl }',
    'source.jsonl',
    /found "a.jsonl", expected a map of keys, as `{ path: … }`$/,
  ],
  ['source: { parquet: 7 }', 'source.parquet', /found 7, expected a map of keys, as `{ path: … }`$/],
  ['output: 4', 'output', /found 4, expected a map of keys$/],
];

for (const [line, key, message] of ALONE) {
  test(`${line}: the keys that the map must have are told`, async () => {
    const models = 'models: { m: { openai: { model: x, replicas: ["http://h/v1"] } } }';
    const problems = await problemsOf([...SERVER, models, line].join('\n'));
    assert.match(problems.find(({ at }) => at?.key === key)!.message, message);
  });
}

test('a mistake that two checks find is told once', async () => {
  const found = await problemsOf([...SERVER, 'seed: 1.5', 'target: 1e20'].join('\n'));
  const messages = found.map(({ message }) => message);
  assert.ok(messages.some((each) => each.includes('target: found')));
  assert.equal(new Set(messages).size, messages.length);
});
