import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { MUTANTS } from './mutantList.js';

const DIST = join(PACKAGE_FOLDER, 'dist');

test('what each mutant changes stands once in the compiled code, and the test that must find it exists', () => {
  const stale = MUTANTS.flatMap(({ name, file, before, and = [], test: finder }) => {
    const code = readFileSync(join(DIST, 'src', file), 'utf8');
    const faults = [{ before }, ...and]
      .filter((change) => code.split(change.before).length !== 2)
      .map((change) => `${name}: "${change.before}"`);
    if (!finder) return faults;
    const path = join(DIST, 'test', finder.file);
    if (!existsSync(path)) return [...faults, `${name}: no test ${finder.file}`];
    const isNamed = finder.name === undefined || readFileSync(path, 'utf8').includes(finder.name);
    return isNamed ? faults : [...faults, `${name}: no test of the name "${finder.name}" in ${finder.file}`];
  });
  assert.deepEqual(stale, []);
});
