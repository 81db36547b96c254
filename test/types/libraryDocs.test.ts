import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

/** The examples of docs/library.md and docs/custom.md compile as they are printed, against the types that a program gets. */

interface Example {
  page: string;
  /** Of its first line, from 1. */
  line: number;
  code: string;
}

export function examplesOf(page: string, text: string): Example[] {
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1]!,
  }));
}

/** Inside the package, so that the name `scalequest` is found as its own; the folder is built anew each time. */
const FOLDER = join(PACKAGE_FOLDER, 'dist', 'docs-examples');
const FLAGS = ['--ignoreConfig', '--noEmit', '--strict', '--noUncheckedIndexedAccess', '--pretty', 'false'];
const TARGET = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--skipLibCheck'];

/** What the compiler says, with the lines of the page. */
function compile(examples: readonly Example[]): string {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const paths = examples.map(({ page, line, code }) => {
    // As many empty lines before it as on the page: errors then have the page's lines.
    const path = join(FOLDER, `${page}-${line}.ts`);
    writeFileSync(path, '\n'.repeat(line - 1) + code);
    return path;
  });
  const tsc = join(PACKAGE_FOLDER, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    return execFileSync(process.execPath, [tsc, ...FLAGS, ...TARGET, ...paths], {
      cwd: FOLDER,
      encoding: 'utf8',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test('every example of docs/library.md and docs/custom.md compiles', () => {
  const examples = ['library.md', 'custom.md'].flatMap((page) =>
    examplesOf(page, readFileSync(join(PACKAGE_FOLDER, 'docs', page), 'utf8')),
  );
  assert.ok(examples.length >= 10, `found ${examples.length} examples`);
  for (const { code } of examples) assert.match(code, /^import .*/, 'an example is a whole program');
  assert.equal(compile(examples), '');
});

test('an example with a mistake is found, at its line of the page', () => {
  const page = [
    '# Page',
    '```ts',
    "import { respond } from 'scalequest';",
    "respond({ model: 'tiny', temprature: 1 }, { seed: 1 });",
    '```',
  ];
  assert.match(compile(examplesOf('wrong.md', page.join('\n'))), /wrong\.md-3\.ts\(4,26\): .*temprature/);
});
