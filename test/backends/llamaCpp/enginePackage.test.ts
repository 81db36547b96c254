import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ENGINE_MISSING,
  ENGINE_PACKAGE,
  ENGINE_RANGE,
} from '../../../src/backends/llamaCpp/enginePackage.js';
import { PACKAGE_FOLDER, canImport } from '../../../src/io/files/packageFiles.js';

interface PackageJson {
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

test('the command to type asks for the range that package.json declares, and the repository has a version in it', () => {
  const found = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as PackageJson;
  assert.equal(found.peerDependencies[ENGINE_PACKAGE], ENGINE_RANGE);
  assert.equal(found.peerDependenciesMeta[ENGINE_PACKAGE]!.optional, true);
  assert.ok(found.devDependencies[ENGINE_PACKAGE]!.startsWith(ENGINE_RANGE.replace('x', '')));
  assert.ok(ENGINE_MISSING.endsWith(`npm install ${ENGINE_PACKAGE}@${ENGINE_RANGE}`));
});

test('a package is found without loading it, and one that is not there is not', () => {
  assert.ok(canImport(ENGINE_PACKAGE));
  assert.ok(!canImport('node-llama-cpp-that-is-not-there'));
});
