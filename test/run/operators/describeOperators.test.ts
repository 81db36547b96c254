import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER, packageVersion } from '../../../src/io/files/packageFiles.js';
import { parseManifest } from '../../../src/operators/lib/own/operatorManifest.js';
import { describeOperators, isCurrent, writeManifest } from '../../../src/run/operators/describeOperators.js';
import { THREE_OPERATORS, folderOf } from '../../helpers/runs/operatorFolder.js';

test('a folder, a package and a module are described beside their code; what is current stays', async () => {
  const files = {
    'index.mjs': THREE_OPERATORS,
    'lone.mjs': THREE_OPERATORS,
    'packed/package.json': '{ "name": "own", "exports": "./dist/own.mjs" }',
    'packed/dist/own.mjs': THREE_OPERATORS,
  };
  const folder = folderOf(files);
  const places: [path: string, manifest: string, module: string][] = [
    ['', 'scalequest.json', './index.mjs'],
    ['lone.mjs', 'lone.scalequest.json', './lone.mjs'],
    ['packed', 'packed/scalequest.json', './dist/own.mjs'],
  ];
  for (const [path, manifest, module] of places) {
    const described = await describeOperators(join(folder, path));
    assert.equal(described.file, join(folder, manifest));
    assert.ok(!isCurrent(described));
    await writeManifest(described);
    assert.ok(isCurrent(described));
    const read = parseManifest(readFileSync(join(folder, manifest), 'utf8'));
    assert.deepEqual([read.module, read.scalequest], [module, packageVersion()]);
    assert.deepEqual(Object.keys(read.operators).toSorted(), ['count', 'rate', 'shout']);
    // Nothing is lost by reading it.
    assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(described.manifest)));
  }
  writeFileSync(join(folder, 'scalequest.json'), '{}');
  assert.ok(!isCurrent(await describeOperators(folder)));
});

test('the module of a folder may be named', async () => {
  const folder = folderOf({ 'index.mjs': '', 'lib/own.mjs': THREE_OPERATORS });
  const { manifest } = await describeOperators(folder, { module: 'lib/own.mjs' });
  assert.equal(manifest.module, './lib/own.mjs');
});

const own = (parts: string): string => `{ summary: 'S.', row() {}, ${parts} }`;

const UNFIT: [why: string, files: Record<string, string>, path: string, message: RegExp][] = [
  ['nothing there', {}, 'nowhere', /is not there, expected a folder or a module/],
  ['a file that is no module', { 'own.txt': '' }, 'own.txt', /is no module/],
  ['a folder without a module', { 'own.txt': '' }, '', /has no module, expected `exports` or `main`/],
  ['no operator', { 'index.mjs': 'export const a = 1;' }, '', /exports no operator/],
  [
    'a default export without a name',
    { 'index.mjs': `export default ${own('')};` },
    '',
    /the default export of .* has no name/,
  ],
  [
    'a name of ours',
    { 'index.mjs': `export const respond = ${own('')};` },
    '',
    /called "respond", as a step that comes with scalequest/,
  ],
  [
    'one name twice',
    { 'index.mjs': `export const a = ${own("name: 'b'")}; export const b = ${own('')};` },
    '',
    /has two operators called "b"/,
  ],
  [
    'no summary',
    { 'index.mjs': 'export const a = { row() {} };' },
    '',
    /"a" of .*index\.mjs cannot be described: it has no `summary`/,
  ],
];

for (const [why, files, path, message] of UNFIT)
  test(`ERR_OPERATOR_LOAD: ${why}`, async () => {
    const folder = folderOf(files);
    await assert.rejects(describeOperators(join(folder, path)), { code: 'ERR_OPERATOR_LOAD', message });
  });

test('the operators that come with the package have manifests as their code says', async () => {
  const shipped = join(PACKAGE_FOLDER, 'pipelines', 'operators');
  const manifests = readdirSync(shipped).filter((name) => name.endsWith('.scalequest.json'));
  assert.ok(manifests.length >= 3);
  for (const name of manifests) {
    const described = await describeOperators(join(shipped, name.replace('.scalequest.json', '.mjs')));
    assert.ok(isCurrent(described), `npx scalequest describe pipelines/operators/${name.split('.')[0]}.mjs`);
  }
});
