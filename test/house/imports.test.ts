import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layerOf, sourceFiles } from '../helpers/sourceFiles.js';

/** Who may know whom: the layers meet in src/pipeline and src/cli, and nowhere below. */

const FILES = sourceFiles('src');

/** Layer → the layers of ours that it may import, beside itself and the files directly in src. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  arrow: [],
  flow: ['arrow'],
  grade: [],
  operators: ['arrow', 'flow', 'grade'],
  backends: [],
  io: ['arrow'],
  train: ['io'],
  pipeline: ['arrow', 'flow', 'grade', 'operators', 'backends', 'train'],
  cli: ['arrow', 'flow', 'grade', 'operators', 'backends', 'io', 'train', 'pipeline'],
};

/** Imports across the lines above that are meant. */
const ALLOWED: { layer: string; file: string; typeOnly: boolean; reason: string }[] = [
  {
    layer: 'operators',
    file: 'src/backends/model.ts',
    typeOnly: true,
    reason: 'the interface of models, without any backend',
  },
  { layer: 'grade', file: 'src/backends/clock.ts', typeOnly: false, reason: 'the deadline of an answer' },
  { layer: 'operators', file: 'src/backends/repetition.ts', typeOnly: false, reason: 'a pure function' },
  { layer: 'train', file: 'src/backends/clock.ts', typeOnly: true, reason: 'time, handed in' },
  {
    layer: 'train',
    file: 'src/backends/guardedGroup.ts',
    typeOnly: false,
    reason: 'the one way to start a process group',
  },
  { layer: 'train', file: 'src/backends/keyGuard.ts', typeOnly: false, reason: 'pure functions' },
];

function isAllowed(layer: string, { from, isTypeOnly }: { from: string; isTypeOnly: boolean }): boolean {
  const target = layerOf(from);
  if (target === layer || target === '' || MAY_IMPORT[layer]!.includes(target)) return true;
  return ALLOWED.some((rule) => rule.layer === layer && rule.file === from && (isTypeOnly || !rule.typeOnly));
}

test('every folder of src is a layer with rules', () => {
  const layers = new Set(FILES.map(({ path }) => layerOf(path)).filter(Boolean));
  assert.deepEqual([...layers].sort(), Object.keys(MAY_IMPORT).sort());
});

for (const layer of Object.keys(MAY_IMPORT)) {
  test(`src/${layer} imports ${MAY_IMPORT[layer]!.join(', ') || 'no other layer'}`, () => {
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
  for (const { layer, file } of ALLOWED) {
    const users = FILES.filter(
      ({ path, imports }) => layerOf(path) === layer && imports.some(({ from }) => from === file),
    );
    assert.ok(users.length > 0, `${layer} does not import ${file} any more`);
  }
});

test('files directly in src, but for the library and its barrel, import no layer', () => {
  const wrong = FILES.filter(({ path }) => layerOf(path) === '' && !/^src\/(library|index)\.ts$/.test(path))
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
  [/^(node:)?fs(\/promises)?$/, ['io', 'backends', 'cli']],
  [/^node:child_process$/, ['backends']],
  [/^node:(net|tls|http|https|http2|dgram)$|^undici/, ['backends']],
  [/^node:worker_threads$/, ['io', 'grade']],
  [/^node-llama-cpp/, ['backends']],
  [/^commander/, ['cli']],
  [/^yaml$/, ['pipeline']],
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
    registry.imports.some(({ from, isTypeOnly }) => from === 'src/operators/operator.ts' && isTypeOnly),
  );
  assert.ok(
    registry.imports.some(({ from, isTypeOnly }) => from === 'src/operators/custom.ts' && !isTypeOnly),
  );
  const language = FILES.find(({ path }) => path === 'src/operators/_language.ts')!;
  assert.ok(language.imports.some(({ from }) => from === 'eld/extrasmall'));
  const index = FILES.find(({ path }) => path === 'src/index.ts')!;
  assert.ok(index.imports.some(({ from }) => from === 'src/library.ts'));
});
