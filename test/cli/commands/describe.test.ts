import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostCommand } from '../../helpers/commandHost.js';
import { THREE_OPERATORS, folderOf } from '../../helpers/runs/operatorFolder.js';

test('describe: writes the manifest and names the operators; --check fails where it is another one', async () => {
  const folder = folderOf({ 'own/index.mjs': THREE_OPERATORS });
  const missing = await hostCommand(['describe', './own', '--check'], folder);
  assert.equal(missing.code, 3);
  assert.match(
    missing.stderr,
    /scalequest\.json is not what the code says; write it anew: npx scalequest describe \.\/own/,
  );
  const written = await hostCommand(['describe', './own'], folder);
  assert.deepEqual([written.code, written.stderr], [0, '']);
  assert.match(
    written.stdout,
    /own\/scalequest\.json is written:\n {2}count: .*\n {2}rate: .*\n {2}shout: Writes a text in capitals\.\n$/,
  );
  const text = readFileSync(join(folder, 'own', 'scalequest.json'), 'utf8');
  const again = await hostCommand(['describe', './own', '--check'], folder);
  assert.match(again.stdout, /is as the code says/);
  writeFileSync(join(folder, 'own', 'scalequest.json'), text.replace('capitals', 'letters'));
  assert.equal((await hostCommand(['describe', './own', '--check'], folder)).code, 3);
});

test('describe: a module that cannot be described is told in words', async () => {
  const folder = folderOf({ 'lib/own.mjs': 'export const own = { row() {} };' });
  const { code, stderr } = await hostCommand(['describe', '.', '--module', 'lib/own.mjs'], folder);
  assert.equal(code, 3);
  assert.match(stderr, /"own" of .*own\.mjs cannot be described: it has no `summary`/);
});
