import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATOR_NAMES } from '../../src/operators/registry.js';
import { type SourceFile, layerOf, sourceFiles } from '../helpers/files/sourceFiles.js';
import { EXCEPTIONS, LAYERS } from './layers.js';

/** Holds the table in layers.ts, and that no two files import each other in a circle. */

const FILES = sourceFiles('src');

function isAllowed(layer: string, { from, isTypeOnly }: { from: string; isTypeOnly: boolean }): boolean {
  const target = layerOf(from);
  if (target === layer || target === '' || LAYERS[layer]!.mayImport.includes(target)) return true;
  return EXCEPTIONS.some(
    (rule) => rule.layer === layer && rule.file === from && (isTypeOnly || !rule.typeOnly),
  );
}

test('every folder of src is a layer with rules', () => {
  const layers = new Set(FILES.map(({ path }) => layerOf(path)).filter(Boolean));
  assert.deepEqual([...layers].sort(), Object.keys(LAYERS).sort());
});

for (const [layer, { mayImport }] of Object.entries(LAYERS)) {
  test(`src/${layer} imports ${mayImport.join(', ') || 'no other layer'}`, () => {
    const wrong = FILES.filter(({ path }) => layerOf(path) === layer).flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => from.startsWith('src/'))
        .filter((imported) => !isAllowed(layer, imported))
        .map(({ from }) => `${path} imports ${from}`),
    );
    assert.deepEqual(wrong, []);
  });
}

test('every exception is still needed', () => {
  for (const { layer, file } of EXCEPTIONS) {
    const users = FILES.filter(
      ({ path, imports }) => layerOf(path) === layer && imports.some(({ from }) => from === file),
    );
    assert.ok(users.length > 0, `${layer} does not import ${file} any more`);
  }
});

test('every layer that the table allows is imported', () => {
  const idle = Object.entries(LAYERS).flatMap(([layer, { mayImport }]) =>
    mayImport
      .filter(
        (target) =>
          !FILES.some(
            ({ path, imports }) =>
              layerOf(path) === layer && imports.some(({ from }) => layerOf(from) === target),
          ),
      )
      .map((target) => `${layer} does not import ${target}`),
  );
  assert.deepEqual(idle, []);
});

/** The grammar of answers is recursive: an atom may hold an expression. */
const RECURSIVE = [['src/grade/parse/parseAtom.ts', 'src/grade/parse/parseTokens.ts']];

/** Circles of imports, type-only ones too: each as its files in name order. */
function cyclesOf(files: readonly Pick<SourceFile, 'path' | 'imports'>[]): string[][] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.map(({ from }) => from)]));
  // Tarjan's strongly connected components.
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string): void => {
    order.set(path, order.size);
    low.set(path, order.get(path)!);
    stack.push(path);
    for (const target of targets.get(path)!) {
      if (!targets.has(target)) continue;
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) low.set(path, Math.min(low.get(path)!, low.get(target)!));
    }
    if (low.get(path) !== order.get(path)) return;
    const component = stack.splice(stack.indexOf(path));
    if (component.length > 1 || targets.get(path)!.includes(path)) cycles.push(component.sort());
  };
  for (const path of targets.keys()) if (!order.has(path)) visit(path);
  return cycles;
}

test('no file imports itself through others', () => {
  assert.deepEqual(cyclesOf(FILES).sort(), RECURSIVE);
});

test('planted circles are found: of one file, of two, of three, and none where there is none', () => {
  const file = (path: string, ...froms: string[]): Pick<SourceFile, 'path' | 'imports'> => ({
    path,
    imports: froms.map((from) => ({ from, isTypeOnly: false })),
  });
  assert.deepEqual(cyclesOf([file('a', 'b', 'c'), file('b', 'c'), file('c')]), []);
  assert.deepEqual(cyclesOf([file('a', 'a')]), [['a']]);
  assert.deepEqual(cyclesOf([file('a', 'b'), file('b', 'a'), file('c', 'a')]), [['a', 'b']]);
  assert.deepEqual(cyclesOf([file('a', 'b'), file('b', 'c'), file('c', 'b', 'a'), file('d', 'a')]), [
    ['a', 'b', 'c'],
  ]);
});

test('files directly in src, but for the barrel, import no layer', () => {
  const wrong = FILES.filter(({ path }) => layerOf(path) === '' && !/^src\/index\.ts$/.test(path))
    .filter(({ imports }) => imports.some(({ from }) => layerOf(from) !== ''))
    .map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

test('nothing in src imports tests, benches, models or the library’s own barrel', () => {
  const wrong = FILES.flatMap(({ path, imports }) =>
    imports
      .filter(({ from }) => /^(test|bench|models|scripts|pipelines)\/|^src\/index\.ts$/.test(from))
      .map(({ from }) => `${path} imports ${from}`),
  );
  assert.deepEqual(wrong, []);
});

const NODE_MODULES: [module: RegExp, layers: string[]][] = [
  [/^(node:)?fs(\/promises)?$/, ['io', 'store', 'backends', 'pipeline', 'run', 'cli']],
  [/^node:child_process$/, ['backends', 'process']],
  [/^node:(net|tls|http|https|http2|dgram)$|^undici/, ['backends', 'ray', 'workers', 'metrics', 'view']],
  [/^node:worker_threads$/, ['io', 'grade', 'language']],
  [/^node-llama-cpp/, ['backends']],
  [/^lmdb/, ['store']],
  [/^commander/, ['cli']],
  [/^@huggingface\/hub$/, ['hub', 'io']],
  [/^prom-client$|^@opentelemetry/, ['metrics']],
  [/^yaml$/, ['pipeline', 'run']],
];

for (const [module, layers] of NODE_MODULES) {
  test(`only ${layers.join(', ')} may import ${module.source}`, () => {
    const wrong = FILES.filter(({ path }) => !layers.includes(layerOf(path)))
      .filter(({ imports }) => imports.some(({ from }) => module.test(from)))
      .map(({ path }) => path);
    assert.deepEqual(wrong, []);
  });
}

test('the reader of imports sees them: type-only ones, dynamic ones, exports', () => {
  const registry = FILES.find(({ path }) => path === 'src/operators/registry.ts')!;
  assert.ok(
    registry.imports.some(({ from, isTypeOnly }) => from === 'src/operators/lib/operator.ts' && isTypeOnly),
  );
  assert.ok(
    registry.imports.some(({ from, isTypeOnly }) => from === 'src/operators/custom.ts' && !isTypeOnly),
  );
  const pattern = FILES.find(({ path }) => path === 'src/io/files/dataFiles.ts')!;
  assert.ok(pattern.imports.some(({ from, isLate }) => from === 'picomatch' && isLate));
  const index = FILES.find(({ path }) => path === 'src/index.ts')!;
  assert.ok(index.imports.some(({ from }) => from === 'src/run/collectRows.ts'));
});

/** Packages that take long to load. */
const HEAVY = /^(apache-arrow|rxjs|undici|hyparquet|lmdb|decimal\.js|parquetjs-lite|node-llama-cpp|@bokuweb)/;

/** What is loaded with a file: its imports, and theirs, but for types and what is imported late. */
function loadedWith(path: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  for (const { from, isTypeOnly, isLate } of FILES.find((file) => file.path === path)?.imports ?? [])
    if (!isTypeOnly && !isLate) loadedWith(from, loaded);
  return loaded;
}

/** The command line, and what the command `check` loads when it is called. */
const CHECK = [
  'cli/main',
  'cli/program',
  'cli/commands/check',
  'run/plan/planPipeline',
  'pipeline/printPlan',
  'train/schema',
].map((name) => `src/${name}.ts`);

/** `check` loads these too, where the pipeline file names them. */
const OPERATORS = OPERATOR_NAMES.map((name) => `src/operators/${name}.ts`);

function loadedWithAll(paths: readonly string[]): string[] {
  return [...paths.reduce((files, path) => loadedWith(path, files), new Set<string>())];
}

test('`check` on a file loads no package that only a run needs', () => {
  const loaded = loadedWithAll([...CHECK, ...OPERATORS]);
  assert.ok(loaded.includes('zod') && loaded.includes('src/operators/respond.ts'));
  assert.deepEqual(
    loaded.filter((name) => HEAVY.test(name)),
    [],
  );
});

test('`check` loads no operator that the file does not name, and what is for chains only for a chain', () => {
  const loaded = loadedWithAll(CHECK);
  assert.ok(loaded.includes('src/operators/registry.ts'));
  assert.deepEqual(
    loaded.filter(
      (name) => OPERATORS.includes(name) || /^src\/pipeline\/(chain|check\/checkLinks)\.ts$/.test(name),
    ),
    [],
  );
});
