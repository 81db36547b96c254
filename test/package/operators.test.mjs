// A package of operators as its author makes it and its user gets it: written in TypeScript, described, packed, installed beside the packed
// scalequest, named in a pipeline file. `npm run test:package`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startEndpoint } from '../../dist/bench/endpoint/start.js';
import { ROOT, createProject, install, pack, run, runOk, temporaryFolder } from './project.mjs';

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const OURS = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const SOURCE = `
import { defineOperator } from 'scalequest';
import { z } from 'zod';
import { upper } from './upper.js';

export const shout = defineOperator({
  name: 'shout',
  summary: 'Writes a text in capitals, and has a model look at it.',
  options: z.strictObject({
    column: z.string().describe('The column that it reads.'),
    times: z.int().min(1).max(9).default(1).describe('How often.'),
    model: z.string().describe('The model that looks.'),
  }),
  example: { column: 'question', model: 'solver', times: 2 },
  reads: { $column: 'string' },
  writes: [
    { name: 'loud', type: 'string', help: 'The text in capitals.' },
    { name: 'said', type: 'string', help: 'What the model wrote.' },
  ],
  drops: { silent: 'the text has no letter' },
  models: { $model: 'complete' },
  async row({ $column: text }, { ask, drop, options }) {
    if (!/[a-z]/i.test(text)) return drop('silent');
    const [said] = await ask('$model', text, { tokensMax: 2048 });
    return { loud: Array<string>(options.times).fill(upper(text)).join(' '), said: said! };
  },
});

export const numbered = defineOperator({
  name: 'numbered',
  summary: 'Numbers the rows that come to it.',
  reads: { loud: 'string' },
  writes: [{ name: 'number', type: 'int32', help: 'How many came before.' }],
  memory: { init: () => ({ rows: 0 }), apply: (memory: { rows: number }, rows: number) => void (memory.rows += rows) },
  row(_row, { memory, remember }) {
    remember(1);
    return { number: memory.rows };
  },
});
`;

const TESTS = `
import assert from 'node:assert/strict';
import { testOperator } from 'scalequest';

const models = { solver: { complete: (text) => text.length + ' letters' } };
const rows = [{ question: 'Why?' }, { question: '12' }, { question: 'How?' }];
const tested = await testOperator('.', { name: 'shout', rows, models });
assert.deepEqual(tested.rows.map(({ loud, said }) => [loud, said]), [['WHY? WHY?', '4 letters'], ['HOW? HOW?', '4 letters']]);
assert.deepEqual(tested.lost.map(({ seq, reason }) => [seq, reason]), [[1, 'silent']]);
await testOperator('.', { name: 'numbered', rows: [{ loud: 'A' }, { loud: 'B' }] });
console.log('kept');
`;

let project;
let author;
let server;

function scalequest(folder, ...args) {
  return run(
    process.execPath,
    [join(project, 'node_modules', 'scalequest', OURS.bin.scalequest), ...args],
    folder,
  );
}

before(async () => {
  const { archive } = await pack();
  server = await startEndpoint({ slots: 8, timeScale: 100 });
  author = createProject({
    ...{
      name: '@own/operators',
      version: '1.0.0',
      exports: './dist/index.js',
      files: ['dist', 'scalequest.json'],
    },
    ...{ dependencies: { zod: OURS.dependencies.zod }, peerDependencies: { scalequest: '*' } },
  });
  mkdirSync(join(author, 'src'));
  writeFileSync(join(author, 'src', 'index.ts'), SOURCE);
  writeFileSync(
    join(author, 'src', 'upper.ts'),
    'export const upper = (text: string): string => text.toUpperCase();\n',
  );
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023'],
    types: [],
    rootDir: 'src',
    outDir: 'dist',
  };
  writeFileSync(join(author, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  await install(author, '--no-save', archive);
  project = createProject();
  await install(project, archive);
});

after(() => server?.close());

function pipelineText(step) {
  return [
    ...['name: packed', 'seed: 7', 'limit: 300', 'models:'],
    `  solver: { openai: { model: simulated, replicas: ["${server.url}/v1"] } }`,
    ...['operators: ["@own/operators"]', 'steps:', '  - generate: { generators: [{ model: solver }] }'],
    ...[`  - ${step}`, '  - numbered: {}', 'output: { shardRows: 20, rowGroupRows: 10 }', ''],
  ].join('\n');
}

const SHOUT = 'shout: { column: question, times: 2, model: solver }';

/** Names and contents of what a run delivered. */
function deliveredBy(out) {
  const shards = readdirSync(join(out, 'shards')).toSorted();
  return shards.map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(out, 'shards', name)))
      .digest('hex'),
  ]);
}

/** Runs until so many commits stand in the manifest, and kills the process. */
async function killedAfter(out, commits, ...args) {
  const main = join(project, 'node_modules', 'scalequest', OURS.bin.scalequest);
  const child = spawn(process.execPath, [main, 'run', 'packed.yaml', '--out', out, ...args], {
    cwd: project,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
  const manifest = join(out, 'manifest.jsonl');
  const count = () =>
    existsSync(manifest) ? readFileSync(manifest, 'utf8').trim().split('\n').length - 1 : 0;
  while (child.exitCode === null && count() < commits) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill('SIGKILL');
  return ended;
}

describe('a package of operators', () => {
  it('its author compiles it, describes it, tests it and packs it; --check finds a stale manifest', async () => {
    await runOk(process.execPath, [TSC, '-p', author], author);
    const npx = (...args) => run('npx', ['--no-install', 'scalequest', ...args], author);
    const described = await npx('describe', '.');
    assert.equal(described.code, 0, described.output);
    assert.match(described.output, /scalequest\.json is written:\n {2}numbered: .*\n {2}shout: /);
    writeFileSync(join(author, 'own.test.mjs'), TESTS);
    assert.match(await runOk(process.execPath, ['own.test.mjs'], author), /^kept/m);
    assert.equal((await npx('describe', '.', '--check')).code, 0);
    const text = readFileSync(join(author, 'scalequest.json'), 'utf8');
    writeFileSync(join(author, 'scalequest.json'), text.replace('capitals', 'letters'));
    assert.equal((await npx('describe', '.', '--check')).code, 3);
    writeFileSync(join(author, 'scalequest.json'), text);
  });

  it('its user installs it, and its steps are checked, planned, listed and previewed as others', async () => {
    const missing = temporaryFolder();
    writeFileSync(join(missing, 'packed.yaml'), pipelineText(SHOUT));
    assert.match(
      (await scalequest(missing, 'check', 'packed.yaml')).output,
      /operators\.0: @own\/operators: no package is installed/,
    );
    const printed = await runOk('npm', ['pack', '--json', '--silent'], author);
    const [{ filename }] = Object.values(JSON.parse(printed));
    await install(project, join(author, filename));
    writeFileSync(join(project, 'packed.yaml'), pipelineText(SHOUT.replace('times', 'tims')));
    const found = await scalequest(project, 'check', 'packed.yaml');
    assert.match(
      found.output,
      /^packed\.yaml:9:\d+ steps\.1\.shout\.tims: unknown key; did you mean "times"\? \[ERR_PIPELINE_INVALID\]$/m,
    );
    writeFileSync(join(project, 'packed.yaml'), pipelineText(SHOUT));
    const checked = await scalequest(project, 'check', 'packed.yaml');
    assert.match(
      checked.output,
      /no mistakes; 3 steps, 1 model, columns seq, question, generator, loud, said, number/,
    );
    const { output: plan } = await scalequest(project, 'plan', 'packed.yaml');
    assert.match(
      plan,
      /2 {2}shout: Writes a text.*\n +reads {2}question\n +writes loud, said\n +asks {3}solver \(complete\)/,
    );
    const { output: page } = await scalequest(project, 'steps', 'shout', '--pipeline', 'packed.yaml');
    assert.match(page, /\| `times` \| whole number ≥ 1, ≤ 9 \| `1` \| How often\. \|/);
    const { output: preview } = await scalequest(project, 'preview', 'packed.yaml', '-n', '2');
    assert.match(preview, /shout +loud: /);
  });

  it('kills and workers change no byte; its results are cached until its code changes; a replay comes to the same', async (t) => {
    const whole = join(project, 'whole');
    const done = await scalequest(project, 'run', 'packed.yaml', '--out', whole, '--set', 'store=none');
    assert.equal(done.code, 0, done.output);
    const expected = deliveredBy(whole);
    assert.ok(expected.length > 5);

    for (const [name, ...flags] of [
      ['killed', '--set', 'store=none'],
      ['workers', '--workers', '2'],
    ]) {
      const out = join(project, name);
      const end = await killedAfter(out, 2, ...flags);
      t.diagnostic(`${name}: ended by ${end}`);
      assert.ok(deliveredBy(out).length < expected.length);
      const again = await scalequest(project, 'run', 'packed.yaml', '--out', out, ...flags);
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(deliveredBy(out), expected);
    }

    const cached = await scalequest(project, 'run', 'packed.yaml', '--out', join(project, 'first'));
    assert.equal(cached.code, 0, cached.output);
    const again = await scalequest(project, 'run', 'packed.yaml', '--out', join(project, 'second'));
    assert.match(again.output, /requests +0; 300 rows replayed/);
    assert.deepEqual(deliveredBy(join(project, 'second')), expected);
    const verified = await scalequest(project, 'verify', join(project, 'second'), '--replay');
    assert.match(verified.output, /came out byte for byte the same; none differs/);

    const upper = join(project, 'node_modules', '@own', 'operators', 'dist', 'upper.js');
    writeFileSync(upper, readFileSync(upper, 'utf8').replace('toUpperCase', 'toLowerCase'));
    const refused = await scalequest(project, 'run', 'packed.yaml', '--out', join(project, 'second'));
    assert.match(refused.output, /steps\.shout\.module/);
    const other = await scalequest(project, 'run', 'packed.yaml', '--out', join(project, 'third'));
    assert.equal(other.code, 0, other.output);
    assert.notDeepEqual(deliveredBy(join(project, 'third')), expected);
  });
});
