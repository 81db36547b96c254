import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  exportedOperator,
  exportedOperators,
  importModule,
} from '../../../../src/operators/lib/own/loadModule.js';
import { temporaryFolder } from '../../../helpers/commandLine.js';

const FOLDER = temporaryFolder();

function moduleOf(name: string, text: string): string {
  const file = join(FOLDER, name);
  writeFileSync(file, text);
  return file;
}

const ROW = 'row() {}';

test('the operators of a module: each once, by its name rather than as default', async () => {
  const file = moduleOf(
    'several.mjs',
    `export const first = { ${ROW} }; export default first; export const second = Object.assign(() => {}, { definition: { ${ROW} } });
     export const helper = () => 1; export const text = 'row'; export const nothing = null;`,
  );
  const loaded = await importModule(file);
  assert.deepEqual(
    exportedOperators(loaded, file).map(({ exported }) => exported),
    ['first', 'second'],
  );
  assert.equal(exportedOperator(loaded, 'default', file).name, 'custom');
});

test('a module that throws, one that is none, and an export that is not there: ERR_OPERATOR_LOAD', async () => {
  const throwing = moduleOf('throws.mjs', `throw new Error('no licence');`);
  await assert.rejects(importModule(throwing), {
    code: 'ERR_OPERATOR_LOAD',
    message: /imported: no licence/,
  });
  await assert.rejects(importModule(moduleOf('bad.mjs', '{')), { code: 'ERR_OPERATOR_LOAD' });
  await assert.rejects(importModule(moduleOf('text.mjs', 'throw "why"')), { message: /imported: why/ });
  for (const name of ['none', 'toString'])
    assert.throws(() => exportedOperator({ some: 1 }, name, 'x.mjs'), /exports no .*; it exports some/);
  assert.throws(
    () => exportedOperators({ own: { row() {}, reads: { a: 'text' } } }, 'x.mjs'),
    /export own of x\.mjs is unfit at reads\.a/,
  );
});

test(
  'where Node runs no TypeScript it says what to do',
  { skip: 'typescript' in process.features && Boolean(process.features.typescript) },
  async () => {
    const file = moduleOf('typed.ts', 'export const x: number = 1;');
    await assert.rejects(importModule(file), /this Node runs no TypeScript: compile it, or use Node 22\.18/);
  },
);
