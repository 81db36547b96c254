import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyPipeline, shippedPipelines } from '../../../src/run/plan/copyPipeline.js';
import { planChain, planPipeline } from '../../../src/run/plan/planPipeline.js';
import { hashesOf, temporaryFolder } from '../../helpers/commandLine.js';
import { PIPELINES_FOLDER } from '../../helpers/runs/pipelineWorld.js';

/** Two files of problems that differ: a model is not trained on its own test. */
function variablesOf(folder: string): Record<string, string> {
  for (const [name, sum] of Object.entries({ questions: 2, benchmark: 3 })) {
    const problem = { question: `What is 1 + ${sum - 1}?`, answer: String(sum) };
    writeFileSync(join(folder, `${name}.jsonl`), `${JSON.stringify(problem)}\n`);
  }
  const [QUESTIONS, BENCHMARK] = [join(folder, 'questions.jsonl'), join(folder, 'benchmark.jsonl')];
  const DOCUMENTS = join(folder, 'documents.jsonl');
  writeFileSync(DOCUMENTS, `${JSON.stringify({ document: 'Ice floats on water.' })}\n`);
  const PROBLEMS = join(folder, 'problems.jsonl');
  writeFileSync(PROBLEMS, `${JSON.stringify({ question: 'Write `f`.', tests: ['assert f() == 1'] })}\n`);
  return { QUESTIONS, BENCHMARK, DOCUMENTS, PROBLEMS, RATED: join(folder, 'shards') };
}

/** Files of the package that a recipe names, in its comments too, and that are not beside the copy. Other recipes are copied by name. */
function namedAndNotCopied(text: string, folder: string): string[] {
  const words = text.match(/[\w./-]+\.\w+/g) ?? [];
  return words
    .filter((word) => !word.endsWith('.yaml') && existsSync(join(PIPELINES_FOLDER, word)))
    .filter((word) => !existsSync(join(folder, word)));
}

for (const name of shippedPipelines()) {
  test(`${name}, copied into an empty folder, has no mistake and needs nothing of the package's folder`, async () => {
    const [folder, data] = [temporaryFolder(), temporaryFolder()];
    const { file, written, kept, missing } = copyPipeline(name, folder);
    assert.equal(file, `${name}.yaml`);
    assert.deepEqual(Object.keys(hashesOf(folder)), [...written].sort());
    assert.deepEqual([kept, missing], [[], null]);
    const text = readFileSync(join(folder, file), 'utf8');
    assert.doesNotMatch(text, /\.\.\/|pipelines\//);
    assert.deepEqual(namedAndNotCopied(text, folder), []);
    const [, schema] = /\$schema=(\S+)/.exec(text)!;
    assert.ok(written.includes(schema!));
    const env = variablesOf(data);
    if (await planChain(join(folder, file), { env })) return;
    const plan = await planPipeline(join(folder, file), {}, { env }, (_path, what) => what === 'source');
    assert.equal(plan.folder, folder);
  });
}

test('only paths are changed in a copy', () => {
  const folder = temporaryFolder();
  copyPipeline('quickstart', folder);
  const shipped = readFileSync(join(PIPELINES_FOLDER, 'quickstart.yaml'), 'utf8');
  assert.equal(
    readFileSync(join(folder, 'quickstart.yaml'), 'utf8'),
    shipped.replace('../models/tiny.gguf', 'models/tiny.gguf'),
  );
});

test('a chain brings its pipelines, and what they name; a second copy keeps what is the same', () => {
  const folder = temporaryFolder();
  const { written, variables } = copyPipeline('loop', folder);
  for (const name of ['qft.yaml', 'scalequest-math.yaml', 'benchmarks/sums.jsonl', 'chain.schema.json'])
    assert.ok(written.includes(name), name);
  assert.deepEqual([...variables].sort(), ['BENCHMARK', 'QUESTIONS']);
  const again = copyPipeline('qft', folder);
  assert.deepEqual([again.written, [...again.kept].sort()], [[], ['qft.yaml', 'schema.json']]);
});

test('a file with other contents is never overwritten, and nothing is written beside it', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'schema.json'), 'mine');
  assert.throws(() => copyPipeline('quickstart', folder), {
    code: 'ERR_IO_WRITE',
    message: /has schema\.json already, with other contents; .* Nothing was written$/,
  });
  assert.deepEqual(readdirSync(folder), ['schema.json']);
  assert.equal(readFileSync(join(folder, 'schema.json'), 'utf8'), 'mine');
});

test('a name that is not shipped is told with those that are', () => {
  assert.throws(() => copyPipeline('quickstrat', temporaryFolder()), {
    code: 'ERR_USAGE',
    message: /called "quickstrat"; did you mean "quickstart"\?$/,
  });
  assert.throws(() => copyPipeline('../../package', temporaryFolder()), { code: 'ERR_USAGE' });
});
