import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATORS } from '../helpers/operators.js';
import { sourceFiles } from '../helpers/files/sourceFiles.js';

/** What programs may import from 'scalequest': every name is documented where it is declared, and no operator is missing. */

const FILES = new Map(sourceFiles('src').map((file) => [file.path, file.text]));
const INDEX = 'src/index.ts';

interface Export {
  name: string;
  /** The file that declares it. */
  path: string;
}

const NAMED = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?;/gm;
const STAR = /^export (?:type )?\* from '([^']+)';/gm;
const DECLARED =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|class|interface|type) (\w+)/gm;

/** The names that a file exports, with the files that declare them: through every barrel between. */
function exportsOf(path: string): Export[] {
  const text = FILES.get(path)!;
  const named = [...text.matchAll(NAMED)].flatMap(([, list, from]) =>
    list!
      .split(',')
      .map((item) =>
        item
          .trim()
          .replace(/^type /, '')
          .replace(/ as .*/, ''),
      )
      .filter((name) => name !== '')
      .map((name) => (from ? declarationOf(name, resolve(path, from)) : { name, path })),
  );
  const stars = [...text.matchAll(STAR)].flatMap(([, from]) => exportsOf(resolve(path, from!)));
  const own = [...text.matchAll(DECLARED)].map(([, name]) => ({ name: name!, path }));
  return [...own, ...named, ...stars];
}

function declarationOf(name: string, path: string): Export {
  return exportsOf(path).find((found) => found.name === name) ?? { name, path };
}

function resolve(path: string, from: string): string {
  return new URL(from.replace(/\.js$/, '.ts'), `file:///${path}`).pathname.slice(1);
}

/** Whether a comment for documentation stands right above the declaration. */
function isDocumented(name: string, text: string): boolean {
  const declaration = new RegExp(
    String.raw`\*/\nexport (declare )?(async )?(abstract )?(function\*?|const|class|interface|type) ${name}\b`,
  );
  return declaration.test(text);
}

test('every export of the library has a doc comment where it is declared', () => {
  const all = exportsOf(INDEX);
  assert.ok(all.length > 80, `found ${all.length} exports`);
  const bare = all
    .filter(({ name, path }) => !isDocumented(name, FILES.get(path)!))
    .map(({ name, path }) => `${path}: ${name}`);
  assert.deepEqual([...new Set(bare)].sort(), []);
});

test('every operator is exported, with its options', () => {
  const names = new Set(exportsOf(INDEX).map(({ name }) => name));
  // A module of one's own is no operator yet: programs use defineOperator.
  const missing = OPERATORS.filter(({ name }) => name !== 'custom').flatMap(({ name }) => {
    const options = `${name[0]!.toUpperCase()}${name.slice(1)}Options`;
    const line = `${name}: run \`npm run docs\`, which prints its exports into src/index.ts`;
    return names.has(name) && names.has(options) ? [] : [line];
  });
  assert.deepEqual(missing, []);
});
