// The package as a user gets it: packed, installed from the real registry into an empty TypeScript project, type-checked, run.
// `npm run test:package`; needs the registry, and minutes on a slow line.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import semver from 'semver';
import { startEndpoint } from '../../dist/bench/endpoint/start.js';
import { ROOT, createProject, diskBytes, install, pack, run, runOk, temporaryFolder } from './project.mjs';

const INSTALLED_BYTES_MAX = 120e6;
const OURS = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const ENGINE = `node-llama-cpp@${OURS.peerDependencies['node-llama-cpp']}`;
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

let packed;
let project;

before(async () => {
  packed = await pack();
  project = createProject();
  await install(project, packed.archive);
});

async function rowsOf(runFolder) {
  const shards = readdirSync(join(runFolder, 'shards')).toSorted();
  const files = shards.map((name) => asyncBufferFromFile(join(runFolder, 'shards', name)));
  const rows = files.map(async (file) => parquetReadObjects({ file: await file, compressors }));
  return (await Promise.all(rows)).flat();
}

function scalequest(folder, ...args) {
  const main = join(project, 'node_modules', 'scalequest', OURS.bin.scalequest);
  return run(process.execPath, [main, ...args], folder);
}

describe('what is packed', () => {
  it('is the bundle and its entry, declarations, pipelines, the bundled model, docs; nothing else', () => {
    const kinds = [
      /^dist\/bundle\/([\w-]+(\.thread)?\.js|zstd\.wasm|LICENSES\.txt)$/,
      /^dist\/bundle\/page\/([\w-]+\.(js|css|html)|LICENSES\.txt)$/,
      /^dist\/src\/cli\/main\.js$/,
      /^dist\/src\/.*\.d\.ts$/,
      /^src\/run\/cluster\/rayDriver\.py$/,
      /^src\/backends\/sandbox\/judge\.py$/,
      /^pipelines\//,
      /^models\/(tiny\.gguf|README\.md)$/,
      /^docs\/(\w+\.md|grafana\.json|pictures\/[\w-]+\.(svg|png))$/,
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
    ];
    assert.deepEqual(
      packed.files.filter((path) => !kinds.some((kind) => kind.test(path))),
      [],
    );
    for (const kind of kinds)
      assert.ok(
        packed.files.some((path) => kind.test(path)),
        String(kind),
      );
  });

  it('has declarations for each source, and no other: what was deleted is not packed', async () => {
    const sources = await runOk('git', ['ls-files', '-co', '--exclude-standard', 'src'], ROOT);
    const expected = sources
      .split('\n')
      .filter((path, at, all) => all.indexOf(path) === at)
      .filter((path) => /(?<!\.d)\.ts$/.test(path) && existsSync(join(ROOT, path)))
      .map((path) => `dist/${path.replace(/\.ts$/, '.d.ts')}`);
    assert.deepEqual(packed.files.filter((path) => path.endsWith('.d.ts')).toSorted(), expected.toSorted());
  });

  it('promises no map of sources that it does not hold', () => {
    for (const name of ['src/cli/main.js', 'bundle/index.js', 'bundle/plan.js']) {
      const text = readFileSync(join(project, 'node_modules/scalequest/dist', name), 'utf8');
      assert.doesNotMatch(text, /sourceMappingURL/);
    }
  });
});

describe('installed in an empty project', () => {
  it(`takes less than ${INSTALLED_BYTES_MAX / 1e6} MB, without the engine`, (t) => {
    const bytes = diskBytes(join(project, 'node_modules'));
    t.diagnostic(`node_modules without node-llama-cpp: ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < INSTALLED_BYTES_MAX, `${bytes}`);
    // The model alone has 6 MB: a size below would be of something else.
    assert.ok(bytes > 20e6, `${bytes}`);
    assert.ok(!existsSync(join(project, 'node_modules', 'node-llama-cpp')));
  });

  it('runs on each version of Node that it promises: no package asks for a later one', () => {
    const least = semver.minVersion(OURS.engines.node);
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
    const engines = Object.entries(lock.packages).filter(([path, { engines }]) => path && engines?.node);
    const wrong = engines.filter(([, { engines }]) => !semver.satisfies(least, engines.node));
    assert.deepEqual(wrong, []);
    // And one of them asks for just this one.
    assert.ok(engines.some(([, { engines }]) => semver.minVersion(engines.node).version === least.version));
  });

  it('type-checks under strict and nodenext, the declarations of all packages included', async () => {
    const program = [
      "import { collectRows, createContext, deduplicate, generate, openModel } from 'scalequest';",
      "const config = { openai: { replicas: ['http://127.0.0.1:9/v1'], model: 'm' } };",
      "const model = await openModel('m', config, { env: process.env, folder: '.' });",
      'const context = createContext({ seed: 1, models: { m: model } });',
      'const { rows } = await collectRows({ target: 3 }, (source) =>',
      "  source.pipe(generate({ generators: [{ model: 'm' }] }, context), deduplicate({}, context)),",
      ');',
      'export const kept: number = rows.length;',
    ];
    writeFileSync(join(project, 'program.ts'), program.join('\n'));
    const compilerOptions = {
      ...{ strict: true, module: 'nodenext', target: 'es2023', lib: ['es2023'], types: ['node'] },
      ...{ skipLibCheck: false, exactOptionalPropertyTypes: true, noEmit: true },
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    await runOk(process.execPath, [TSC, '-p', project], project);
    // The types say something: a wrong option is found.
    writeFileSync(join(project, 'program.ts'), program.join('\n').replace('generators:', 'generator:'));
    const { code, output } = await run(process.execPath, [TSC, '-p', project], project);
    assert.notEqual(code, 0);
    assert.match(output, /program\.ts\(6,\d+\): error TS\d+: .*'generator'/);
  });

  it('exports the library, the JSON Schemas, and nothing of its inside', async () => {
    const script = [
      "const { default: schema } = await import('scalequest/schema.json', { with: { type: 'json' } });",
      "const { default: chain } = await import('scalequest/chain.schema.json', { with: { type: 'json' } });",
      "const library = await import('scalequest');",
      "const inside = await import('scalequest/dist/src/errors.js').catch(({ code }) => code);",
      'console.log(JSON.stringify([typeof library.openModel, schema.type, chain.type, inside]));',
    ];
    writeFileSync(join(project, 'exports.mjs'), script.join('\n'));
    const output = await runOk(process.execPath, ['--no-warnings', 'exports.mjs'], project);
    assert.deepEqual(JSON.parse(output), ['function', 'object', 'object', 'ERR_PACKAGE_PATH_NOT_EXPORTED']);
  });

  it('checks and runs a pipeline on a server', async () => {
    const server = await startEndpoint({ slots: 8, timeScale: 100 });
    try {
      const folder = temporaryFolder();
      const lines = [
        ...['name: served', 'target: 20', 'store: none', 'models:'],
        `  solver: { openai: { model: simulated, replicas: ["${server.url}/v1"] } }`,
        ...['steps:', '  - generate: { generators: [{ model: solver }] }', '  - deduplicate: {}'],
        ...['  - respond: { model: solver, n: 1 }', ''],
      ];
      writeFileSync(join(folder, 'served.yaml'), lines.join('\n'));
      const checked = await scalequest(folder, 'check', '--online', 'served.yaml');
      assert.match(checked.output, /served\.yaml: no mistakes; 3 steps, 1 model, .*; every server answers/);
      const done = await scalequest(folder, 'run', 'served.yaml');
      assert.equal(done.code, 0, done.output);
      assert.match(done.output, /^20 rows kept/m);
      assert.ok(readdirSync(join(folder, 'runs', 'served', 'shards')).length > 0);
    } finally {
      await server.close();
    }
  });

  it('without the engine, init says what to install, and check and run refuse with the same command', async () => {
    const folder = temporaryFolder();
    const copied = await scalequest(folder, 'init');
    assert.equal(copied.code, 0, copied.output);
    for (const command of ['check', 'run']) {
      const { code, output } = await scalequest(folder, command, 'quickstart.yaml');
      assert.match(output, /^quickstart\.yaml:13:\d+ models\.tiny\.llamaCpp: the package node-llama-cpp/m);
      assert.match(output, /\[ERR_MODEL_LOAD\]/);
      assert.equal(code, 4, output);
      assert.ok(output.includes(`npm install ${ENGINE}`) && copied.output.includes(`npm install ${ENGINE}`));
    }
    assert.ok(!existsSync(join(folder, 'runs')));
  });
});

describe('with the engine beside it', () => {
  it('the command that was named installs it, and the quickstart writes the rows that this repository writes', async (t) => {
    // The engine as here, without its builds for GPUs: they are 630 MB of which nothing would run. docs/models.md tells users.
    const overrides = OURS.overrides;
    const folder = createProject({ overrides });
    await install(folder, packed.archive);
    await install(folder, ENGINE);
    await runOk('npm', ['ls', '--all'], folder);
    t.diagnostic(
      `node_modules with node-llama-cpp: ${(diskBytes(join(folder, 'node_modules')) / 1e6).toFixed(1)} MB`,
    );
    await runOk('npx', ['--no-install', 'scalequest', 'init'], folder);
    const changes = ['target=8', 'store=none', 'source.windowRows=64'].flatMap((change) => ['--set', change]);
    await runOk('npx', ['--no-install', 'scalequest', 'run', 'quickstart.yaml', ...changes], folder);
    const here = temporaryFolder();
    const main = join(ROOT, OURS.bin.scalequest);
    const quickstart = join(folder, 'quickstart.yaml');
    await runOk(process.execPath, [main, 'run', quickstart, '--out', join(here, 'run'), ...changes], here);
    const [theirs, ours] = [join(folder, 'runs', 'quickstart'), join(here, 'run')].map(rowsOf);
    assert.equal((await theirs).length, 8);
    assert.deepEqual(await theirs, await ours);
  });

  it('npx alone copies a pipeline that check accepts: the copy needs nothing of the cache', async () => {
    const folder = temporaryFolder();
    const npx = (...args) =>
      runOk('npx', ['--yes', '--package', packed.archive, 'scalequest', ...args], folder);
    await npx('init', 'scalequest-math');
    assert.match(await npx('check', 'scalequest-math.yaml'), /scalequest-math\.yaml: no mistakes/);
  });
});
