import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeHash, hashCode } from '../../../src/io/files/codeHash.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

/** A package with one file and one dependency, of this kind. */
function packageOf(code: string, version: string, kind = 'dependencies'): { code: string; package: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'src', 'flow'), { recursive: true });
  mkdirSync(join(folder, 'node_modules', 'eld'), { recursive: true });
  writeFileSync(join(folder, 'src', 'flow', 'gate.js'), code);
  writeFileSync(join(folder, 'src', 'notes.md'), `${Math.random()}`);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ [kind]: { eld: '^1.0.0' } }));
  writeFileSync(join(folder, 'node_modules', 'eld', 'package.json'), JSON.stringify({ version }));
  return { code: join(folder, 'src'), package: folder };
}

test('the same code has the same hash wherever it lies; other code, or another version beneath it, has not', () => {
  const hash = (code: string, version: string): string => hashCode(packageOf(code, version));
  assert.equal(hash('let a;', '1.0.0'), hash('let a;', '1.0.0'));
  assert.notEqual(hash('let a;', '1.0.0'), hash('let b;', '1.0.0'));
  assert.notEqual(hash('let a;', '1.0.0'), hash('let a;', '1.0.1'));
});

test('another version of an optional peer, as the engine, is other code', () => {
  const hash = (version: string): string => hashCode(packageOf('let a;', version, 'peerDependencies'));
  assert.equal(hash('1.0.0'), hash('1.0.0'));
  assert.notEqual(hash('1.0.0'), hash('1.0.1'));
});

test('other tables of characters, under the same Node, are other code', () => {
  const folders = packageOf('let a;', '1.0.0');
  const hash = (icu: string): string => hashCode(folders, { ...process.versions, icu });
  assert.equal(hash('77.1'), hash('77.1'));
  assert.notEqual(hash('77.1'), hash('78.1'));
});

test('our own is that of a process, and of 256 bits', () => {
  assert.match(codeHash(), /^[0-9a-f]{64}$/);
  assert.equal(codeHash(), codeHash());
});
