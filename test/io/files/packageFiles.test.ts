import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER, packageVersion, readPromptFile } from '../../../src/io/files/packageFiles.js';
import { readTextFile } from '../../../src/io/files/textFile.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('the folder of the package holds its package.json, with its version', () => {
  const { name, version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  assert.deepEqual([name, version], ['scalequest', packageVersion()]);
  assert.ok(existsSync(join(PACKAGE_FOLDER, 'pipelines', 'quickstart.yaml')));
});

test('a prompt is a file of the user’s or a built-in one; its last line end is no part of it', async (t) => {
  const path = join(await testFolder(t), 'own.txt');
  writeFileSync(path, 'Solve:\n{{ question }}\n\n');
  assert.equal(readPromptFile('judgeSolvability', path), 'Solve:\n{{ question }}\n');
  assert.match(readPromptFile('judgeSolvability', undefined), /\{\{ question \}\}$/);
});

test('a file that cannot be read says why', async (t) => {
  const folder = await testFolder(t);
  mkdirSync(join(folder, 'prompts'));
  assert.throws(() => readTextFile(join(folder, 'gone.txt')), {
    code: 'ERR_IO_READ',
    message: /gone\.txt: there is no such file/,
  });
  assert.throws(() => readTextFile(join(folder, 'prompts')), /it is a folder, expected a file/);
  assert.throws(() => readPromptFile('noSuchPrompt', undefined), /noSuchPrompt\.txt: there is no such file/);
});
