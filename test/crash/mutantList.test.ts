import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { MUTANTS } from './mutantList.js';

// `npm run test:mutants` takes minutes, and tries other mutants each time.
it('finds the place of every mutant in the compiled code once, and its test', () => {
  const faults = MUTANTS.flatMap(({ name, file, before, and = [], test }) => {
    const text = readFileSync(join(PACKAGE_FOLDER, 'dist', 'src', file), 'utf8');
    const places = [before, ...and.map((change) => change.before)];
    const wrong = places
      .filter((place) => text.split(place).length !== 2)
      .map((place) => `${name}: ${place}`);
    const isTestThere = test === undefined || existsSync(join(PACKAGE_FOLDER, 'dist', 'test', test.file));
    return isTestThere ? wrong : [...wrong, `${name}: ${test.file}`];
  });
  assert.deepEqual(faults, []);
});
