import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

/** scripts/bundle.mjs, as `npm run build` has run it: what the command line and users of the package load. */

const FOLDER = join(PACKAGE_FOLDER, 'dist', 'bundle');

const texts = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.js'))
    .map((name): [string, string] => [name, readFileSync(join(FOLDER, name), 'utf8')]),
);

/** Which file holds each joined module, by the bundler's marks. */
const holders = new Map<string, string[]>();
for (const [name, text] of texts)
  for (const [, module] of text.matchAll(/^\/\/ ((?:dist\/src|node_modules)\/\S+)$/gm))
    holders.set(module!, [...(holders.get(module!) ?? []), name]);

/** Threads that are one file with all they need: nothing but bytes and plain values leaves them. */
const ALONE = ['shardWorker.thread.js', 'graderWorker.thread.js'];

test('no module is there twice, and of each class of errors there is one: a copy would be an error that nobody knows', () => {
  assert.ok(holders.size > 200 && holders.has('node_modules/yaml/dist/doc/Document.js'));
  const shared = [...holders].map(([module, names]) => [
    module,
    names.filter((each) => !ALONE.includes(each)),
  ]);
  assert.deepEqual(
    shared.filter(([, names]) => names!.length > 1),
    [],
  );
  const shares = [...texts].filter(([name]) => !ALONE.includes(name)).map(([, text]) => text);
  for (const name of ['ScaleQuestError', 'PipelineProblems', 'RowError']) {
    const declaring = new RegExp(`class ${name} |\\b${name} = class `, 'g');
    assert.equal(shares.flatMap((text) => [...text.matchAll(declaring)]).length, 1, name);
  }
});

test('threads that are one file load no other, and no package', () => {
  for (const name of ALONE) {
    assert.deepEqual([...loadedWith(name)], [name]);
    const packages = [...texts.get(name)!.matchAll(/^import .*"((?!node:)[^"./][^"]*)";$/gm)].map(
      ([, from]) => from,
    );
    assert.deepEqual(packages, []);
    assert.ok(!exportsOf(texts.get(name)!).length, 'whoever starts a thread imports nothing of it');
  }
});

test('the first modules of threads and processes lie beside those that start them', () => {
  const started = [...texts.values()].flatMap((text) =>
    [...text.matchAll(/new URL\(["']\.\/([^"']+)["'], import\.meta\.url\)/g)].map(([, name]) => name!),
  );
  assert.ok(started.includes('shardWorker.thread.js') && started.includes('guardProcess.js'));
  for (const name of started) assert.ok(existsSync(join(FOLDER, name)), name);
});

/** The files of the bundle that are loaded with one of them. */
function loadedWith(name: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(name)) return loaded;
  loaded.add(name);
  for (const [, other] of texts.get(name)!.matchAll(/^import .*"\.\/([^"]+)";$/gm))
    loadedWith(other!, loaded);
  return loaded;
}

test('threads and processes load nothing of the checks, which would take longer than all of theirs', () => {
  // The bundler names a file that several share after any of its modules.
  const [checks] = holders.get('dist/src/pipeline/check/check.js')!;
  assert.ok(loadedWith('index.js').has(checks!));
  for (const name of ['shardWorker.thread.js', 'graderWorker.thread.js', 'child.js', 'guardProcess.js'])
    assert.ok(!loadedWith(name).has(checks!), name);
});

/** The names that a module exports, by its text. */
function exportsOf(text: string): string[] {
  const lists = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) => list!.split(','));
  const names = lists.map((each) => each.trim().split(' as ').at(-1)!);
  return names.filter((name) => name !== '').sort();
}

test('the package’s entry exports what its source does, and no other name', () => {
  const source = readFileSync(join(PACKAGE_FOLDER, 'dist', 'src', 'index.js'), 'utf8');
  assert.ok(exportsOf(source).includes('runPipeline'));
  assert.deepEqual(exportsOf(texts.get('index.js')!), exportsOf(source));
  assert.deepEqual(exportsOf(texts.get('startProgram.js')!), ['startProgram']);
});

test('of zod’s languages only one is there, and the licences of joined packages are', () => {
  const languages = [...holders.keys()].filter((name) => /zod\/v4\/locales\/\w+\.js$/.test(name));
  assert.deepEqual(languages, ['node_modules/zod/v4/locales/en.js']);
  const licences = readFileSync(join(FOLDER, 'LICENSES.txt'), 'utf8');
  const packages = [...holders.keys()].flatMap(
    (each) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(each)?.[1] ?? [],
  );
  assert.ok(new Set(packages).size > 10, 'packages are joined');
  for (const name of new Set(packages)) assert.match(licences, new RegExp(`^${name}\n\n.{40}`, 'ms'));
});
