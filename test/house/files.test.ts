import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { OPERATOR_NAMES } from '../../src/operators/registry.js';
import {
  type SourceFile,
  declaresOnlyTypes,
  entryPaths,
  layerOf,
  sourceFiles,
} from '../helpers/files/sourceFiles.js';

const FILES = sourceFiles('src');

/** Threads and processes of ours begin with them; the test of the file that starts them starts the real one. */
const ENTRIES = entryPaths(FILES);

/** Files without a test of the same name, and where they are tested or why there is nothing to test. */
const WITHOUT_MIRROR: Record<string, string> = {
  'src/cli/startProgram.ts': 'main.test; faults.test takes its output and its file descriptors',
  'src/cli/show/trainingStateText.ts': 'cli/commands/train.test prints dry runs',
  'src/run/chain/chainProgram.ts': 'chain.test runs programs through it',
  'src/run/open/openModels.ts': 'main.test and run.test: models that open, that cannot, and signals',
  'src/run/runInFolder.ts': 'cli/run.test, and the crash and fault tests',
  'src/run/stream/fillFolder.ts': 'writeShards.test and runPlan.test',
  'src/cli/show/run/showRun.ts': 'run.test',
  'src/cli/show/showTraining.ts': 'train.test',
  'src/arrow/columnType.ts': 'types and two columns: arrowType.test',
  'src/flow/steps/loadStepStreams.ts': 'stepStreams.test imports it for its effect',
  'src/flow/steps/mapBatches.ts': 'mapRows.test',
  'src/flow/steps/scanBatches.ts': 'scanRows.test',
  'src/hub/hubClient.ts': 'pushRun.test',
  'src/hub/pushedFiles.ts': 'pushRun.test',
  'src/metrics/otlp/rowSpans.ts': 'runSpans.test',
  'src/metrics/otlp/stepSpans.ts': 'runSpans.test',
};

/** The list may shrink, not grow. */
const WITHOUT_MIRROR_MAX = 19;

function mirrorOf(path: string): string {
  return path.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts');
}

function hasMirror(path: string): boolean {
  return existsSync(join(PACKAGE_FOLDER, mirrorOf(path)));
}

/** Whether a file is one to be tested: it lies in a layer, something of it runs, and it is not where a thread or process begins. */
function isTestable(file: SourceFile): boolean {
  if (IN_BROWSERS.test(file.path)) return false;
  return layerOf(file.path) !== '' && !declaresOnlyTypes(file) && !ENTRIES.includes(file.path);
}

/** They need a page: `npm run test:page` tests them in Chromium. */
const IN_BROWSERS = /^src\/page\/(dom|entries)\//;
/** Each is a bundle of its own: scripts/bundlePage.mjs. */
const PAGE_ENTRIES = FILES.map(({ path }) => path).filter((path) => path.startsWith('src/page/entries/'));

test('every file has a test of the same name, or a reason in the list', () => {
  const bare = FILES.filter(isTestable)
    .map(({ path }) => path)
    .filter((path) => !hasMirror(path) && !(path in WITHOUT_MIRROR));
  assert.deepEqual(bare, []);
});

test('the list of files without a test has no entry that is gone, needs none or has one', () => {
  const open = FILES.filter(isTestable)
    .map(({ path }) => path)
    .filter((path) => !hasMirror(path));
  assert.deepEqual(
    Object.keys(WITHOUT_MIRROR).filter((path) => !open.includes(path)),
    [],
  );
});

test(`at most ${WITHOUT_MIRROR_MAX} files are without a test`, () => {
  assert.ok(Object.keys(WITHOUT_MIRROR).length <= WITHOUT_MIRROR_MAX);
});

test('what a file declares tells whether it needs a test', () => {
  const file = (text: string): SourceFile => ({ path: 'src/a/b.ts', text, lines: [], imports: [] });
  const types =
    "import type { A } from './a.js';\n\n/** B. */\nexport interface B {\n  a: A;\n}\nexport type C =\n  | 'x'\n  | B;\n";
  assert.equal(declaresOnlyTypes(file(types)), true);
  assert.equal(declaresOnlyTypes(file(`${types}export const D = 1;\n`)), false);
  assert.equal(declaresOnlyTypes(file(`${types}function d() {\n}\n`)), false);
  assert.equal(declaresOnlyTypes(file(`${types}start();\n`)), false);
  const starter = "new Worker(new URL('./other.js', import.meta.url));\n";
  assert.deepEqual(entryPaths([file(starter)]), ['src/a/other.ts']);
  assert.deepEqual(entryPaths([file(starter.replace('.js', '.thread.js'))]), ['src/a/other.ts']);
});

test('every file in src/operators is registered, but for the registry', () => {
  const names = FILES.map(({ path }) => /^src\/operators\/(\w+)\.ts$/.exec(path)?.[1]).filter(
    (name) => name !== undefined && name !== 'registry',
  );
  const registered = new Set<string>(OPERATOR_NAMES);
  const missing = names
    .filter((name) => !registered.has(name!))
    .map(
      (name) =>
        `add to src/operators/registry.ts: ${name}: async () => (await import('./${name}.js')).${name}Spec,`,
    );
  assert.deepEqual(missing, []);
});

test('every file in src is imported by another, or is an entry', () => {
  const entries = ['src/index.ts', 'src/cli/main.ts', ...ENTRIES, ...PAGE_ENTRIES];
  const imported = new Set(FILES.flatMap(({ imports }) => imports.map(({ from }) => from)));
  const dead = FILES.map(({ path }) => path).filter((path) => !imported.has(path) && !entries.includes(path));
  assert.deepEqual(dead, []);
});

test('names of files are camelCase', () => {
  const wrong = FILES.map(({ path }) => basename(path)).filter(
    (name) => !/^[a-z][A-Za-z0-9]*\.ts$/.test(name),
  );
  assert.deepEqual(wrong, []);
});

/** Folders with a file for each operator or command hold as many as there are. */
const ONE_EACH = ['src/operators', 'src/cli/commands'];
const FILES_MAX = 18;

test('a folder of the sources has few enough files to be read at a glance', () => {
  const counts = new Map<string, number>();
  for (const { path } of sourceFiles('src')) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const large = [...counts].filter(([folder, count]) => count > FILES_MAX && !ONE_EACH.includes(folder));
  assert.deepEqual(large, []);
  for (const folder of ONE_EACH) assert.ok(counts.get(folder)! > FILES_MAX, `${folder} needs no exception`);
});
