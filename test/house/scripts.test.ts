import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

/** Scripts import what is built, and no compiler looks at them; some run in their own environments only. */
const IMPORT = /import \{([^}]+)\} from '((?:\.\.?\/)+dist\/(?:src|test|bench)\/[^']+)\.js'/g;

function scripts(): string[] {
  const listed = execFileSync('git', ['ls-files', '*.mjs'], { cwd: PACKAGE_FOLDER, encoding: 'utf8' });
  return listed.trim().split('\n');
}

/** Names that a script imports of ours and that are not exported. */
function missingIn(script: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].flatMap(([, names, from]) => {
    const built = join(PACKAGE_FOLDER, dirname(script), from!);
    const source = readFileSync(`${built.replace(/\/dist\/(?=src|test|bench)/, '/')}.ts`, 'utf8');
    const imported = names!.split(',').map((name) => name.trim().split(' as ')[0]!);
    return imported
      .filter((name) => name !== '' && !new RegExp(`export [^;=(]*\\b${name}\\b`).test(source))
      .map((name) => `${script}: ${name} of ${from}`);
  });
}

test('what the scripts import of the built code is exported', () => {
  const all = scripts();
  assert.ok(all.length > 10);
  assert.deepEqual(
    all.flatMap((script) => missingIn(script, readFileSync(join(PACKAGE_FOLDER, script), 'utf8'))),
    [],
  );
});

test('an import of what is not there is found', () => {
  const text = "import { RowError, gone } from '../../dist/src/errors.js';";
  assert.deepEqual(missingIn('test/interop/x.mjs', text), [
    'test/interop/x.mjs: gone of ../../dist/src/errors',
  ]);
});
