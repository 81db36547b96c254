import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chain, checkChain, fillLinks, overridesOf } from '../../src/pipeline/chain.js';
import { PipelineProblems } from '../../src/errors.js';

function check(links: string, exists = true): Chain {
  const text = `name: loop\nlinks:\n${links}`;
  return checkChain('/p/loop.yaml', { env: {}, readText: () => text, exists: () => exists });
}

function messages(links: string, exists = true): string {
  try {
    check(links, exists);
  } catch (error) {
    assert.ok(error instanceof PipelineProblems);
    return error.problems.map(({ message }) => message).join('\n');
  }
  throw new Error('no mistake was found');
}

test('links in their order; runs are kept in runs/<name>', () => {
  const { runs, links } = check(`  - { name: qft, pipeline: qft.yaml }
  - { name: gguf, command: [python3, export.py, "{{ qft.model }}", "{{ output }}"], output: qft.gguf }
  - { name: use, pipeline: use.yaml, set: { models.m.llamaCpp.path: "{{ gguf.output }}" } }
`);
  assert.equal(runs, 'runs/loop');
  assert.deepEqual(
    links.map(({ name, output }) => `${name} ${output}`),
    ['qft output', 'gguf qft.gguf', 'use output'],
  );
});

const MISTAKES: [links: string, message: RegExp][] = [
  ['  - { name: a }\n', /loop\.yaml:3:5 links\.0: .*expected one of `pipeline` and `command`, found neither/],
  ['  - { name: a, pipeline: a.yaml, command: [x] }\n', /found both/],
  ['  - { name: a, command: [x], set: { b: 1 } }\n', /links\.0\.set: .*expected no `set` with `command`/],
  [
    '  - { name: a, pipeline: a.yaml, set: { x: "{{ b.model }}" } }\n  - { name: b, pipeline: b.yaml }\n',
    /:3:\d+ links\.0\.set: no link before a gives \{\{ b\.model \}\}/,
  ],
  [
    '  - { name: a, pipeline: a.yaml }\n  - { name: b, command: [x, "{{ a.modle }}", "{{ a.output }}"] }\n',
    /no link before b gives \{\{ a\.output \}\}; did you mean/,
  ],
  [
    '  - { name: a, pipeline: a.yaml }\n  - { name: a, pipeline: b.yaml }\n',
    /a link before it is called "a" too/,
  ],
  [
    '  - { name: a, command: [x, y] }\n',
    /:3:\d+ links\.0\.command: found no \{\{ output \}\}, expected it among the arguments/,
  ],
  [
    '  - { name: a, command: [x, "{{ data }}", "{{output}}"] }\n',
    /links\.0\.command: no link before a gives \{\{ data \}\}/,
  ],
  [
    '  - { name: a, command: [x, "{{ output }}"], inputs: ["{{ seed }}", "{{ output }}"] }\n',
    /links\.0\.inputs: no link before a gives \{\{ seed \}\}[^]*gives \{\{ output \}\}/,
  ],
  ['  - { name: a, pipeline: a.yaml, set: { x: "${NOT_SET}" } }\n', /variable NOT_SET is not set/],
  ['  - { name: a, pipline: a.yaml }\n', /unknown key; did you mean "pipeline"/],
];

for (const [links, message] of MISTAKES) {
  test(`mistake: ${links.trim().replaceAll('\n', ' ')}`, () => assert.match(messages(links), message));
}

test('a pipeline file that there is not', () => {
  assert.match(messages('  - { name: a, pipeline: a.yaml }\n', false), /found no file \/p\/a\.yaml/);
});

test('values are filled in anywhere; braces of prompts stay; what a link did not give is an error', () => {
  const given = new Map([['a.model', '/m: {x}']]);
  assert.deepEqual(fillLinks({ k: ['{{ a.model }}/x', '{{ question }}'], n: 1 }, given), {
    k: ['/m: {x}/x', '{{ question }}'],
    n: 1,
  });
  assert.deepEqual(overridesOf({ set: { 'models.m.path': '{{ a.model }}', limit: 3 } }, given), [
    { path: ['models', 'm', 'path'], value: '"/m: {x}"' },
    { path: ['limit'], value: '3' },
  ]);
  assert.throws(() => fillLinks('{{ b.model }}', given), { code: 'ERR_CHAIN_LINK' });
});

test('variables stay in `set`, for the pipeline file fills them in; elsewhere they are filled in', () => {
  const text = `name: loop
links:
  - { name: "\${N}", pipeline: "\${N}.yaml", set: { "\${N}": ["\${S}", { "\${S}": "x\${D:-y}" }] } }
  - { name: c, command: [x, "\${S}", "{{ output }}"] }
`;
  const env = { N: 'a', S: 'hush' };
  const { links, filled } = checkChain('/p/l.yaml', { env, readText: () => text, exists: () => true });
  assert.deepEqual([links[0]!.name, links[0]!.pipeline], ['a', 'a.yaml']);
  assert.deepEqual(links[0]!.set, { a: ['${S}', { '${S}': 'x${D:-y}' }] });
  assert.deepEqual(links[1]!.command, ['x', 'hush', '{{ output }}']);
  assert.deepEqual(Object.fromEntries(filled), env);
});
