import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customModuleAt } from '../../../../src/operators/lib/own/customModule.js';

const FILES: [written: string, file: string][] = [
  ['./own.mjs', '/at/own.mjs'],
  ['../own.js', '/own.js'],
  ['own.mjs', '/at/own.mjs'],
  ['operators/own.cjs', '/at/operators/own.cjs'],
  ['/elsewhere/own.mjs', '/elsewhere/own.mjs'],
  ['./with space %41.mjs', '/at/with space %41.mjs'],
];

for (const [written, file] of FILES)
  test(`${written} is the file ${file}`, () => {
    assert.deepEqual(customModuleAt(written, '/at'), { file, exported: 'default' });
    assert.deepEqual(customModuleAt(`${written}#own`, '/at'), { file, exported: 'own' });
  });

const ADDRESSES = [
  'a-package',
  '@scope/a-package',
  'a-package/operators/own',
  'a-package#own',
  'data:text/javascript,export default {}',
  'DATA:text/javascript,export default {}',
  ' data:text/javascript,1',
  '\tdata:text/javascript,1//.mjs',
  'da\nta:text/javascript,1',
  'data:text/javascript,1//own.mjs',
  '%64ata:text/javascript,1',
  'data%3Atext/javascript,1',
  'http://127.0.0.1/own.mjs',
  'HTTPS://127.0.0.1/own.mjs',
  'blob:nodedata:0123',
  'node:fs',
  'NODE:fs',
  'fs',
  'fs/promises',
  'child_process',
  'file:///own.mjs',
  'wasm:x',
  '#internal',
  'a-package?x',
  'a-package/../../own',
  'own\0.mjs',
  '',
];

for (const written of ADDRESSES)
  test(`${JSON.stringify(written)} is no module`, () => assert.equal(customModuleAt(written, '/at'), null));

test('two slashes begin a path, not a host', () => {
  assert.equal(customModuleAt('//127.0.0.1/own.mjs', '/at')!.file, '/127.0.0.1/own.mjs');
});
