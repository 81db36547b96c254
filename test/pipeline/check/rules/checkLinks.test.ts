import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkChain } from '../../../../src/pipeline/chain.js';
import { isChainText } from '../../../../src/pipeline/document.js';
import { type CheckedLink, checkLinks } from '../../../../src/pipeline/check/rules/checkLinks.js';
import { PipelineProblems } from '../../../../src/errors.js';
import { temporaryFolder } from '../../../helpers/commandLine.js';
import { PIPELINES_FOLDER, checkDeps } from '../../../helpers/runs/pipelineWorld.js';

const USE = `name: use
source: { jsonl: { path: "\${ROWS:-gone.jsonl}" } }
models: { m: { llamaCpp: { path: gone.gguf } } }
steps:
  - respond: { model: m }
train: [{ trl: { task: sft, model: gone }, export: chat }]
exports: { chat: { format: messages, response: question } }
`;
const MAKE = `name: make
source: { jsonl: { path: benchmarks/sums.jsonl } }
steps: [{ deduplicate: {} }]
train: [{ command: [x, "{{ output }}"], output: made }]
`;
const PLAIN =
  'name: plain\nsource: { jsonl: { path: benchmarks/sums.jsonl } }\nsteps: [{ deduplicate: {} }]\n';
const MEASURE = `name: measure
source: { jsonl: { path: "\${ROWS:-benchmarks/sums.jsonl}", columns: { question: string, answer: string } } }
models: { m: { llamaCpp: { path: ../models/tiny.gguf } } }
steps: [{ respond: { model: m } }, { gradeAnswer: {} }, { measureAccuracy: {} }]
`;
const FILES: Record<string, string> = {
  'measure.yaml': MEASURE,
  'make.yaml': MAKE,
  'use.yaml': USE,
  'plain.yaml': PLAIN,
};

/** Links of files that are texts above. */
function check(links: string): Promise<CheckedLink[]> {
  const readText = (path: string): string => FILES[path.split('/').at(-1)!] ?? `name: loop\nlinks:\n${links}`;
  const { isPending: _, ...deps } = checkDeps(undefined, { readText });
  const isPipeline = (path: string): boolean => path.endsWith('.yaml');
  const chain = checkChain(join(PIPELINES_FOLDER, 'test.yaml'), { ...deps, exists: isPipeline });
  return checkLinks(chain, deps);
}

async function messages(links: string): Promise<string> {
  const error = await check(links).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof PipelineProblems, String(error));
  return error.problems.map(({ code, message }) => `${message} [${code}]`).join('\n');
}

const FIRST = '  - { name: make, pipeline: make.yaml }\n';
const GGUF =
  '  - { name: gguf, command: [x, "{{ make.model }}", "{{ output }}"], inputs: ["{{ make.model }}/w"] }\n';

test('a place that a link sets and that is not there is a mistake of the file', async () => {
  const found = await messages('  - { name: second, pipeline: make.yaml, set: { steps.generate.n: 1 } }\n');
  assert.match(found, /set: steps\.generate\.n=1: found generate, expected .* \[ERR_PIPELINE_INVALID\]$/m);
  assert.doesNotMatch(found, /--set|ERR_USAGE/);
});

test('rows, models and folders that links before will write need not be there', async () => {
  const links = await check(`${FIRST}${GGUF}  - name: use
    pipeline: use.yaml
    set:
      source.jsonl.path: "{{ gguf.output }}/rows.jsonl"
      models.m.llamaCpp.path: "{{ gguf.output }}"
      train.0.trl.model: "{{ make.model }}"
`);
  assert.deepEqual(
    links.map(({ link, plan }) => `${link.name} ${plan?.name ?? 'program'}`),
    ['make make', 'gguf program', 'use use'],
  );
});

test('what a training writes elsewhere may be named by its path', async () => {
  const use =
    '  - { name: use, pipeline: use.yaml, set: { models: {}, steps: [{ deduplicate: {} }], train.0.trl.model: ./made, source.jsonl.path: made/rows } }\n';
  assert.equal((await check(FIRST + use)).length, 2);
  assert.match(
    await messages(use),
    /link use: .*found nothing at .*made\/rows[^]*found no config\.json in .*made/,
  );
});

test('every link is checked with its settings, and each mistake names its link', async () => {
  const found = await messages(`${FIRST}  - { name: first, pipeline: use.yaml }
  - { name: second, pipeline: make.yaml, set: { steps.deduplicate.similarty: 1 } }
  - { name: third, command: [x, "{{ output }}"], inputs: [gone.py] }
`);
  assert.match(found, /^link first: .*use\.yaml:2:\d+ source\.jsonl\.path: found nothing at .*gone\.jsonl/m);
  assert.match(found, /^link first: .*use\.yaml:3:\d+ models\.m\.llamaCpp\.path: found no file/m);
  assert.match(
    found,
    /^link second: --set steps\.deduplicate\.similarty=1: unknown key.*\[ERR_PIPELINE_INVALID\]$/m,
  );
  assert.match(found, /^link third: inputs: found nothing at .*gone\.py/m);
});

test('a model of a link that does not train is missed before anything is begun', async () => {
  const found = await messages(`  - { name: plain, pipeline: plain.yaml }
  - { name: gguf, command: [x, "{{ plain.model }}", "{{ output }}"] }
`);
  assert.match(found, /^link gguf: found nothing for \{\{ plain\.model \}\}.*\[ERR_CHAIN_LINK\]$/m);
});

test('a benchmark that an earlier link trains on is a mistake, also as a copy; measured before, it is none', async () => {
  const measure = '  - { name: measure, pipeline: measure.yaml }\n';
  assert.match(
    await messages(FIRST + measure),
    /^link measure: source: \S+sums\.jsonl is what the link make trains on, .*nothing was trained on \[ERR_PIPELINE_INVALID\]$/,
  );
  const copy = join(temporaryFolder(), 'copy.jsonl');
  copyFileSync(join(PIPELINES_FOLDER, 'benchmarks', 'sums.jsonl'), copy);
  const ofCopy = `  - { name: measure, pipeline: measure.yaml, set: { source.jsonl.path: ${copy} } }\n`;
  assert.match(await messages(FIRST + ofCopy), /copy\.jsonl is what the link make trains on/);
  assert.equal((await check(measure + FIRST)).length, 2);
});

test('a chain is known by its keys', () => {
  assert.ok(isChainText('name: a\nlinks: []'));
  for (const text of ['name: a\nsteps: []', 'links: []\nsteps: []', ': :', 'links', ''])
    assert.ok(!isChainText(text), text);
});
