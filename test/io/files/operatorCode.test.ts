import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { moduleOfFolder, operatorCodeHash, packageFolder } from '../../../src/io/files/operatorCode.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const packageJson = (name: string, version: string, more: object = {}): string =>
  JSON.stringify({ name, version, ...more });

/** A project with an operator in a folder, one in a file, and packages. */
function project(): string {
  const folder = temporaryFolder();
  return write(folder, {
    'shout/index.mjs': `import { upper } from './lib/upper.mjs'; import a from 'a'; import fs from 'node:fs'; import 'fs/promises';
       import '../shared/words.mjs'; const data = new URL("./data.json", import.meta.url);`,
    'shout/lib/upper.mjs': 'export const upper = 1;',
    'shout/data.json': '{}',
    'shout/scalequest.json': '{}',
    'shout/.cache/x': '1',
    'shout/node_modules/inner/package.json': packageJson('inner', '1.0.0'),
    'shared/words.mjs': `export { more } from './more'; import 'scalequest';`,
    'shared/more.js': '',
    'shared/other.mjs': '',
    'file.mjs': `export * from "./shared/words.mjs"; const b = require('@own/b/inner');`,
    'file.scalequest.json': '{}',
    'node_modules/a/package.json': packageJson('a', '1.0.0', {
      dependencies: { c: '^1' },
      peerDependencies: { scalequest: '*' },
    }),
    'node_modules/a/index.js': '',
    'node_modules/c/package.json': packageJson('c', '1.0.0'),
    'node_modules/@own/b/package.json': packageJson('@own/b', '1.0.0'),
    'node_modules/scalequest/package.json': packageJson('scalequest', '1.0.0'),
  });
}

const inFolder = (folder: string) =>
  operatorCodeHash({ folder: join(folder, 'shout'), module: join(folder, 'shout/index.mjs') });
const inFile = (folder: string) => operatorCodeHash({ folder: null, module: join(folder, 'file.mjs') });

type Change = [path: string, text: string | null, changes: 'folder' | 'file' | 'both' | 'none'];

const CHANGES: Change[] = [
  ['shout/index.mjs', 'export {}', 'folder'],
  ['shout/lib/upper.mjs', 'export const upper = 2;', 'folder'],
  ['shout/data.json', '[]', 'folder'],
  ['shout/new.txt', '', 'folder'],
  ['shout/lib/upper.mjs', null, 'folder'],
  ['shout/scalequest.json', '{ "format": 1 }', 'none'],
  ['shout/.cache/x', '2', 'none'],
  ['shout/node_modules/inner/package.json', packageJson('inner', '2.0.0'), 'none'],
  ['shared/words.mjs', 'export {}', 'both'],
  ['shared/more.js', 'export {}', 'both'],
  ['shared/other.mjs', 'export {}', 'none'],
  ['file.mjs', 'export {}', 'file'],
  ['file.scalequest.json', '{ "format": 1 }', 'none'],
  ['node_modules/a/package.json', packageJson('a', '1.0.1', { dependencies: { c: '^1' } }), 'folder'],
  ['node_modules/c/package.json', packageJson('c', '1.2.0'), 'folder'],
  ['node_modules/@own/b/package.json', packageJson('@own/b', '1.2.0'), 'file'],
  ['node_modules/@own/b/package.json', null, 'file'],
  ['node_modules/scalequest/package.json', packageJson('scalequest', '2.0.0'), 'none'],
];

for (const [path, text, changes] of CHANGES)
  test(`${path} ${text === null ? 'goes' : 'changes'}: another hash of ${changes}`, async () => {
    const folder = project();
    const before = [await inFolder(folder), await inFile(folder)];
    if (text === null) rmSync(join(folder, path));
    else write(folder, { [path]: text });
    const after = [await inFolder(folder), await inFile(folder)];
    const expected = { folder: [true, false], file: [false, true], both: [true, true], none: [false, false] };
    assert.deepEqual(
      after.map((hash, at) => hash !== before[at]),
      expected[changes],
    );
  });

test('the same code elsewhere has the same hash', async () => {
  const [one, other] = [project(), project()];
  assert.equal(await inFolder(one), await inFolder(other));
  assert.equal(await inFile(one), await inFile(other));
});

test('a package that is a link to a folder of one’s own counts by its files', async () => {
  const folder = project();
  const linked = write(join(folder, 'linked'), {
    'package.json': packageJson('a', '1.0.0'),
    'index.js': '1',
  });
  rmSync(join(folder, 'node_modules/a'), { recursive: true });
  symlinkSync(linked, join(folder, 'node_modules/a'));
  const before = await inFolder(folder);
  write(linked, { 'index.js': '2' });
  assert.notEqual(await inFolder(folder), before);
});

test('links in circles end; a project with its data is refused', async () => {
  const folder = project();
  symlinkSync(join(folder, 'shout'), join(folder, 'shout/lib/again'));
  await inFolder(folder);
  write(folder, Object.fromEntries(Array.from({ length: 2100 }, (_, at) => [`shout/rows/${at}.txt`, ''])));
  await assert.rejects(inFolder(folder), {
    code: 'ERR_OPERATOR_LOAD',
    message: /put it into a folder of its own/,
  });
});

test('packages are found from a folder upwards', () => {
  const folder = project();
  assert.equal(packageFolder('a', join(folder, 'shout', 'lib')), join(folder, 'node_modules', 'a'));
  assert.equal(packageFolder('@own/b', folder), join(folder, 'node_modules', '@own', 'b'));
  assert.equal(packageFolder('nowhere', folder), null);
});

const MODULES: [files: Record<string, string>, module: string | null][] = [
  [{ 'index.mjs': '' }, 'index.mjs'],
  [{ 'index.js': '', 'index.mjs': '' }, 'index.js'],
  [{ 'package.json': '{"main":"lib.js"}', 'lib.js': '', 'index.js': '' }, 'lib.js'],
  [{ 'package.json': '{"exports":"./e.js","main":"m.js"}', 'e.js': '', 'm.js': '' }, 'e.js'],
  [
    { 'package.json': '{"exports":{".":{"types":"./e.d.ts","import":{"default":"./e.js"}}}}', 'e.js': '' },
    'e.js',
  ],
  [{ 'package.json': '{"exports":{"default":"./gone.js"}}', 'index.js': '' }, 'index.js'],
  [{ 'read.me': '' }, null],
];

for (const [files, module] of MODULES)
  test(`the module of ${JSON.stringify(files)} is ${module}`, async () => {
    const folder = write(temporaryFolder(), files);
    assert.equal(await moduleOfFolder(folder), module && join(folder, module));
  });
